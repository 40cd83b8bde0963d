import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { List, Monitor, MonitorSecret, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { newId } from './ids.js'
import { listPage, pageOptions } from './paging.js'
import { requirePermission } from './permissions.js'
import { releaseQuota, takeQuota } from './quota.js'
import { monitorPlace } from './secret-places.js'
import {
  auditWrite,
  contractSteps,
  descriptionField,
  idField,
  instantOrNull,
  instantText,
  nameField,
  notFound,
  withoutUndefined,
} from './shared.js'
import { validate } from './validate.js'

const createInput = z.strictObject({
  name: nameField,
  description: descriptionField.optional(),
  contractId: idField,
  active: z.boolean().default(true),
})

const updateInput = z
  .strictObject({
    name: nameField.optional(),
    description: descriptionField.optional(),
    contractId: idField.optional(),
    active: z.boolean().optional(),
  })
  .refine((input) => Object.keys(input).length > 0, { message: 'name at least one field to change' })

const listInput = z.strictObject({ ...pageOptions, contractId: idField.optional() })

export type MonitorCreate = z.input<typeof createInput>
export type MonitorUpdate = z.input<typeof updateInput>
export type MonitorList = z.input<typeof listInput>

/** 32 random bytes as 43 characters of URL-safe base64 (seed document S0, "Security"). */
const newToken = (): string => randomBytes(32).toString('base64url')
const tokenHash = (token: string): string => createHash('sha256').update(token).digest('hex')
const tokenPlace = (tenantId: string, id: string) => monitorPlace(tenantId, id, 'token')

/** The monitor whose upload token this is, of whatever tenant, or null. */
export const monitorByToken = (context: Context, token: string): Promise<Row<'monitors'> | null> =>
  context.storage.lookup('monitors', 'token', { tokenHash: tokenHash(token) })

/** The monitors of a tenant: upload URLs, each bound to a contract. */
export function monitorsService(context: Context) {
  const { storage, clock, secrets } = context

  const credentials = (tenantId: string, id: string, token: string) => ({
    tokenHash: tokenHash(token),
    tokenPrefix: token.slice(0, 6),
    tokenSealed: secrets.seal(token, tokenPlace(tenantId, id)),
  })

  async function row(tenantId: string, id: string): Promise<Row<'monitors'>> {
    const found = await storage.get('monitors', tenantId, validate(idField, id))
    if (found === null) throw notFound('monitor')
    return found
  }

  return {
    /**
     * Makes an upload URL. The answer alone carries the token; `uploadUrl` shows it again.
     * @throws DrifthookError `INVALID_REQUEST`, `LIMIT_REACHED`
     */
    async create(principal: Principal, input: MonitorCreate): Promise<Monitor & MonitorSecret> {
      requirePermission(principal, 'monitors:write')
      const given = validate(createInput, input)
      const now = clock.now()
      const { tenantId } = principal
      const id = newId('mon', now)
      const token = newToken()
      const made: Row<'monitors'> = {
        tenantId,
        id,
        name: given.name,
        description: given.description ?? null,
        contractId: given.contractId,
        active: given.active,
        maxBytes: null,
        maxFiles: 1,
        rateLimit: null,
        allowedAddresses: [],
        signingSealed: null,
        signingPrefix: null,
        ...credentials(tenantId, id, token),
        createdAt: now,
        updatedAt: now,
        lastUploadAt: null,
      }
      await commitSteps(storage, async () => ({
        steps: [
          ...(await contractSteps(context, tenantId, null, given.contractId)),
          await takeQuota(context, tenantId, 'monitors'),
          { write: { op: 'insert', table: 'monitors', row: made } },
          { write: auditWrite(context, principal, 'monitor.created', id, { contractId: given.contractId }) },
        ],
      }))
      return { ...show(made), token }
    },

    /** @throws DrifthookError `NOT_FOUND`, for another tenant's monitor too */
    async get(principal: Principal, id: string): Promise<Monitor> {
      requirePermission(principal, 'monitors:read')
      return show(await row(principal.tenantId, id))
    },

    /** Newest first. */
    async list(principal: Principal, options: MonitorList = {}): Promise<List<Monitor>> {
      requirePermission(principal, 'monitors:read')
      const { limit, cursor, ...filter } = validate(listInput, options)
      const query = { tenantId: principal.tenantId, index: 'created' as const, filter }
      return listPage(storage, 'monitors', query, { limit, cursor }, show)
    },

    /**
     * Changes the fields given; `active: false` stops uploads from the next request on.
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`
     */
    async update(principal: Principal, id: string, input: MonitorUpdate): Promise<Monitor> {
      requirePermission(principal, 'monitors:write')
      const given = validate(updateInput, input)
      const { tenantId } = principal
      const { made } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const set = { ...withoutUndefined(given), updatedAt: clock.now() }
        const made = { ...before, ...set }
        const steps: Step[] = [
          {
            write: {
              op: 'update',
              table: 'monitors',
              tenantId,
              id,
              set,
              expect: { contractId: before.contractId },
            },
            refused: { missing: notFound('monitor'), moved: 'again' },
          },
          { write: auditWrite(context, principal, 'monitor.updated', id, { fields: Object.keys(given) }) },
          ...(await contractSteps(context, tenantId, before.contractId, made.contractId)),
        ]
        return { made, steps }
      })
      return show(made)
    },

    /** Ends the monitor and its URL. Its events stay. @throws DrifthookError `NOT_FOUND` */
    async delete(principal: Principal, id: string): Promise<void> {
      requirePermission(principal, 'monitors:write')
      const { tenantId } = principal
      await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        return {
          steps: [
            {
              write: {
                op: 'delete',
                table: 'monitors',
                tenantId,
                id,
                expect: { contractId: before.contractId },
              },
              refused: { missing: notFound('monitor'), moved: 'again' },
            },
            ...(await contractSteps(context, tenantId, before.contractId, null)),
            await releaseQuota(context, tenantId, 'monitors'),
            { write: auditWrite(context, principal, 'monitor.deleted', id, { name: before.name }) },
          ] satisfies Step[],
        }
      })
    },

    /** Replaces the token; the old one is unknown from the next request on. @throws DrifthookError `NOT_FOUND` */
    async rotateToken(principal: Principal, id: string): Promise<Monitor & MonitorSecret> {
      requirePermission(principal, 'monitors:write')
      const { tenantId } = principal
      const token = newToken()
      const set = { ...credentials(tenantId, id, token), updatedAt: clock.now() }
      await commitSteps(storage, async () => ({
        steps: [
          {
            write: { op: 'update', table: 'monitors', tenantId, id: validate(idField, id), set },
            refused: { missing: notFound('monitor') },
          },
          { write: auditWrite(context, principal, 'monitor.token_rotated', id) },
        ],
      }))
      return { ...show(await row(tenantId, id)), token }
    },

    /** Shows the credential again, and writes down that it was seen. @throws DrifthookError `NOT_FOUND` */
    async uploadUrl(principal: Principal, id: string): Promise<MonitorSecret> {
      requirePermission(principal, 'monitors:reveal')
      const { tenantId } = principal
      const found = await row(tenantId, id)
      const token = secrets.open(found.tokenSealed, tokenPlace(tenantId, id))
      await storage.commit([auditWrite(context, principal, 'monitor.url_revealed', id)])
      return { token }
    },
  }
}

const show = (row: Row<'monitors'>): Monitor => ({
  id: row.id,
  name: row.name,
  description: row.description,
  contractId: row.contractId,
  active: row.active,
  tokenPrefix: row.tokenPrefix,
  createdAt: instantText(row.createdAt),
  updatedAt: instantText(row.updatedAt),
  lastUploadAt: instantOrNull(row.lastUploadAt),
})
