import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { ContractSchema, Policy } from '../diff/report.js'
import { DrifthookError } from '../errors.js'
import type { Contract, ContractSummary, List, Principal } from '../model.js'
import type { Measure, SampleFile } from '../ports/analyzer.js'
import type { Row } from '../ports/tables.js'
import { commitSteps } from './commit.js'
import type { Context } from './context.js'
import { newId } from './ids.js'
import { listPage, pageOptions } from './paging.js'
import { requirePermission } from './permissions.js'
import { policySchema } from './policy.js'
import { releaseQuota, takeQuota } from './quota.js'
import { contractPlace } from './secret-places.js'
import {
  auditWrite,
  descriptionField,
  idField,
  instantText,
  nameField,
  notFound,
  withoutUndefined,
} from './shared.js'
import { invalid, validate } from './validate.js'

const file = z.strictObject({
  bytes: z.instanceof(Uint8Array),
  name: z.string().max(255).optional(),
})

const labels = {
  description: descriptionField.optional(),
  vendor: z.string().trim().min(1).max(200).nullable().optional(),
  tags: z.array(z.string().trim().min(1).max(100)).max(50).optional(),
  policy: policySchema.optional(),
}

const createInput = z.strictObject({
  name: nameField,
  ...labels,
  /** A JSON Schema 2020-12 written by hand. */
  schema: z.record(z.string(), z.unknown()).optional(),
  /** One sample: any JSON value; a text is taken for the content of a file. */
  sample: z.unknown().optional(),
  samples: z.array(z.unknown()).min(1).max(100).optional(),
  /** A sample as its file's bytes. */
  file: file.optional(),
  /** The format of the samples, where their content should not decide. */
  format: z.string().min(1).max(50).optional(),
})

const updateInput = z
  .strictObject({ name: nameField.optional(), ...labels })
  .refine((input) => Object.keys(input).length > 0, { message: 'name at least one field to change' })

const listInput = z.strictObject({
  ...pageOptions,
  vendor: z.string().optional(),
  name: z.string().optional(),
})

export type ContractCreate = z.input<typeof createInput>
export type ContractUpdate = z.input<typeof updateInput>
export type ContractList = z.input<typeof listInput>

const schemaId = (contractId: string, version: number) => `${contractId}:${version}`

const keyPlace = (tenantId: string, id: string) => contractPlace(tenantId, id, 'sketchKey')

/** What a file of this contract is measured by, as it stands in its record. */
export function measureOf({ storage, secrets }: Context, row: Row<'contracts'>): Measure {
  const { tenantId, id, version, policy, format } = row
  return {
    schemaId: `${tenantId}:${schemaId(id, version)}`,
    schema: async () => {
      const found = await storage.get('contractSchemas', tenantId, schemaId(id, version))
      // Deleted since its record was read.
      if (found === null) throw notFound('contract')
      return found.schema
    },
    policy,
    format,
    key: Buffer.from(secrets.open(row.sketchKeySealed, keyPlace(tenantId, id)), 'base64url'),
  }
}

/** The contracts of a tenant: what files are expected to honour. */
export function contractsService(context: Context) {
  const { storage, clock, secrets } = context

  async function read(tenantId: string, id: string): Promise<Contract> {
    const row = await storage.get('contracts', tenantId, id)
    const schema = row && (await storage.get('contractSchemas', tenantId, schemaId(id, row.version)))
    if (row === null || schema === null) throw notFound('contract')
    return { ...show(row), schema: schema.schema }
  }

  return {
    /**
     * Makes a contract from exactly one of: `schema` (a JSON Schema 2020-12), `sample`, `samples`, `file`.
     * @throws DrifthookError `INVALID_REQUEST`, `NAME_TAKEN`, `LIMIT_REACHED`, `FORMAT_UNDECIDED`,
     *   `FILE_MALFORMED`, `XML_DOCTYPE_REFUSED`, `FILE_LIMIT_EXCEEDED`, `SCHEMA_UNSUPPORTED`
     */
    async create(principal: Principal, input: ContractCreate): Promise<Contract> {
      requirePermission(principal, 'contracts:write')
      const given = validate(createInput, input)
      const key = randomBytes(32)
      const learned = await learn(context, given, key)
      const now = clock.now()
      const id = newId('ct', now)
      const { tenantId } = principal
      const row: Row<'contracts'> = {
        tenantId,
        id,
        name: given.name,
        description: given.description ?? null,
        vendor: given.vendor ?? null,
        tags: given.tags ?? [],
        format: learned.format,
        version: 1,
        policy: (given.policy ?? {}) as Policy,
        sketchKeySealed: secrets.seal(key.toString('base64url'), keyPlace(tenantId, id)),
        users: 0,
        createdAt: now,
        updatedAt: now,
      }
      const version: Row<'contractVersions'> = {
        tenantId,
        id: schemaId(id, 1),
        contractId: id,
        version: 1,
        changeType: 'import',
        summary: null,
        actor: principal.actor,
        createdAt: now,
      }
      await commitSteps(storage, async () => ({
        steps: [
          await takeQuota(context, tenantId, 'contracts'),
          { write: { op: 'insert', table: 'contracts', row }, refused: { exists: nameTaken(given.name) } },
          { write: { op: 'insert', table: 'contractVersions', row: version } },
          {
            write: {
              op: 'insert',
              table: 'contractSchemas',
              row: { tenantId, id: version.id, schema: learned.schema },
            },
          },
          { write: auditWrite(context, principal, 'contract.created', id, { name: given.name }) },
        ],
      }))
      return { ...show(row), schema: learned.schema }
    },

    /** @throws DrifthookError `NOT_FOUND`, for another tenant's contract too */
    async get(principal: Principal, id: string): Promise<Contract> {
      requirePermission(principal, 'contracts:read')
      return read(principal.tenantId, validate(idField, id))
    },

    /** Newest first, without the schemas. */
    async list(principal: Principal, options: ContractList = {}): Promise<List<ContractSummary>> {
      requirePermission(principal, 'contracts:read')
      const { limit, cursor, ...filter } = validate(listInput, options)
      const query = { tenantId: principal.tenantId, index: 'created' as const, filter }
      return listPage(storage, 'contracts', query, { limit, cursor }, show)
    },

    /**
     * Changes the fields given. The schema is not one of them: it changes by versions.
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`, `NAME_TAKEN`
     */
    async update(principal: Principal, id: string, input: ContractUpdate): Promise<Contract> {
      requirePermission(principal, 'contracts:write')
      const given = validate(updateInput, input)
      const { policy, ...plain } = given
      const set = {
        ...withoutUndefined(plain),
        ...(policy === undefined ? {} : { policy: policy as Policy }),
        updatedAt: clock.now(),
      }
      await commitSteps(storage, async () => ({
        steps: [
          {
            write: { op: 'update', table: 'contracts', tenantId: principal.tenantId, id, set },
            refused: { missing: notFound('contract'), exists: nameTaken(given.name ?? '') },
          },
          {
            write: auditWrite(context, principal, 'contract.updated', id, { fields: Object.keys(given) }),
          },
        ],
      }))
      return read(principal.tenantId, id)
    },

    /** @throws DrifthookError `NOT_FOUND`, `CONTRACT_IN_USE` while monitors or subscriptions name it */
    async delete(principal: Principal, id: string): Promise<void> {
      requirePermission(principal, 'contracts:write')
      const { tenantId } = principal
      await commitSteps(storage, async () => {
        const row = await storage.get('contracts', tenantId, id)
        if (row === null) throw notFound('contract')
        const inUse = new DrifthookError(
          'CONTRACT_IN_USE',
          'Monitors or subscriptions name this contract. Delete or change them first.',
        )
        if (row.users > 0) throw inUse
        return {
          steps: [
            {
              write: { op: 'delete', table: 'contracts', tenantId, id, expect: { users: 0 } },
              refused: { missing: notFound('contract'), moved: inUse },
            },
            ...versionsUpTo(row.version).flatMap((version) => [
              {
                write: {
                  op: 'delete',
                  table: 'contractVersions',
                  tenantId,
                  id: schemaId(id, version),
                  optional: true,
                } as const,
              },
              {
                write: {
                  op: 'delete',
                  table: 'contractSchemas',
                  tenantId,
                  id: schemaId(id, version),
                  optional: true,
                } as const,
              },
            ]),
            await releaseQuota(context, tenantId, 'contracts'),
            { write: auditWrite(context, principal, 'contract.deleted', id, { name: row.name }) },
          ],
        }
      })
    },
  }
}

const nameTaken = (name: string) =>
  new DrifthookError('NAME_TAKEN', 'A contract of this name exists already.', {
    errors: [{ path: 'name', code: 'taken', message: `${JSON.stringify(name)} is taken` }],
  })

const versionsUpTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1)

/** The schema a contract starts with: as given, or learned from samples. */
async function learn(
  context: Context,
  given: z.infer<typeof createInput>,
  key: Uint8Array,
): Promise<{ schema: ContractSchema; format: string | null }> {
  const sources = (['schema', 'sample', 'samples', 'file'] as const).filter(
    (name) => given[name] !== undefined,
  )
  if (sources.length !== 1) {
    const message = 'give exactly one of schema, sample, samples, file'
    throw invalid(
      (sources.length === 0 ? ['schema'] : sources).map((path) => ({
        path,
        code: sources.length === 0 ? 'required' : 'ambiguous',
        message,
      })),
    )
  }
  if (given.schema !== undefined) return { schema: given.schema, format: given.format ?? null }
  const samples =
    given.file !== undefined ? [given.file.bytes] : (given.samples ?? [given.sample]).map(sampleBytes)
  const files = samples.map(
    (bytes): SampleFile => (given.format === undefined ? { bytes } : { bytes, format: given.format }),
  )
  return context.analyzer.infer(files, { key })
}

const sampleBytes = (sample: unknown): Uint8Array =>
  Buffer.from(typeof sample === 'string' ? sample : (JSON.stringify(sample) ?? ''))

const show = (row: Row<'contracts'>): ContractSummary => ({
  id: row.id,
  name: row.name,
  description: row.description,
  vendor: row.vendor,
  tags: row.tags,
  format: row.format,
  version: row.version,
  policy: row.policy,
  createdAt: instantText(row.createdAt),
  updatedAt: instantText(row.updatedAt),
})
