import { DrifthookError } from '../errors.js'
import type { List, Monitor, MonitorSecret, MonitorSigningSecret, Principal } from '../model.js'
import type { Row } from '../ports/tables.js'
import { commitSteps, type Step } from './commit.js'
import type { Context } from './context.js'
import { newId } from './ids.js'
import { newSigning, newToken, openToken, unsigned } from './monitors/credentials.js'
import {
  listInput,
  type MonitorCreate,
  type MonitorList,
  type MonitorUpdate,
  monitorInputs,
  refuseSeveralSigned,
} from './monitors/input.js'
import { showMonitor } from './monitors/view.js'
import { listPage } from './paging.js'
import { requirePermission } from './permissions.js'
import { releaseQuota, takeQuota } from './quota.js'
import { auditWrite, contractSteps, idField, notFound, withoutUndefined } from './shared.js'
import { validate } from './validate.js'

/** The monitors of a tenant: upload URLs, each bound to a contract. */
export function monitorsService(context: Context) {
  const { storage, clock, secrets } = context
  const inputs = monitorInputs(context.upload)

  async function row(tenantId: string, id: string): Promise<Row<'monitors'>> {
    const found = await storage.get('monitors', tenantId, validate(idField, id))
    if (found === null) throw notFound('monitor')
    return found
  }

  /** What switching signatures on or off changes, and the secret that is to be shown. */
  function switching({ tenantId, id, signingSealed }: Row<'monitors'>, signed: boolean | undefined) {
    if (signed === undefined || signed === (signingSealed !== null)) return { columns: {}, shown: {} }
    if (!signed) return { columns: unsigned, shown: {} }
    const { signingSecret, columns } = newSigning(secrets, tenantId, id)
    return { columns, shown: { signingSecret } }
  }

  return {
    /**
     * Makes an upload URL. The answer alone carries the token, which `uploadUrl` shows again, and with
     * `signed` the secret to sign files with, which nobody sees again.
     * @throws DrifthookError `INVALID_REQUEST`, `LIMIT_REACHED`
     */
    async create(
      principal: Principal,
      input: MonitorCreate,
    ): Promise<Monitor & MonitorSecret & Partial<MonitorSigningSecret>> {
      requirePermission(principal, 'monitors:write')
      const { signed, ...given } = validate(inputs.create, input)
      refuseSeveralSigned(signed, given.maxFiles)
      const now = clock.now()
      const { tenantId } = principal
      const id = newId('mon', now)
      const { token, columns } = newToken(secrets, tenantId, id)
      const bare: Row<'monitors'> = {
        ...given,
        ...columns,
        ...unsigned,
        tenantId,
        id,
        createdAt: now,
        updatedAt: now,
        lastUploadAt: null,
      }
      const switched = switching(bare, signed)
      const made = { ...bare, ...switched.columns }
      await commitSteps(storage, async () => ({
        steps: [
          ...(await contractSteps(context, tenantId, null, given.contractId)),
          await takeQuota(context, tenantId, 'monitors'),
          { write: { op: 'insert', table: 'monitors', row: made } },
          { write: auditWrite(context, principal, 'monitor.created', id, { contractId: given.contractId }) },
        ],
      }))
      return { ...showMonitor(made), token, ...switched.shown }
    },

    /** @throws DrifthookError `NOT_FOUND`, for another tenant's monitor too */
    async get(principal: Principal, id: string): Promise<Monitor> {
      requirePermission(principal, 'monitors:read')
      return showMonitor(await row(principal.tenantId, id))
    },

    /** Newest first. */
    async list(principal: Principal, options: MonitorList = {}): Promise<List<Monitor>> {
      requirePermission(principal, 'monitors:read')
      const { limit, cursor, ...filter } = validate(listInput, options)
      const query = { tenantId: principal.tenantId, index: 'created' as const, filter }
      return listPage(storage, 'monitors', query, { limit, cursor }, showMonitor)
    },

    /**
     * Changes the fields given, from the next request on; `active: false` stops uploads. `signed: true` makes a
     * secret where there was none, which the answer alone carries; `signed: false` forgets it.
     * @throws DrifthookError `INVALID_REQUEST`, `NOT_FOUND`
     */
    async update(
      principal: Principal,
      id: string,
      input: MonitorUpdate,
    ): Promise<Monitor & Partial<MonitorSigningSecret>> {
      requirePermission(principal, 'monitors:write')
      const given = validate(inputs.update, input)
      const { signed, ...plain } = given
      const { tenantId } = principal
      const { made, shown } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const { contractId, signingSealed, maxFiles } = before
        const { columns, shown } = switching(before, signed)
        const set = { ...withoutUndefined(plain), ...columns, updatedAt: clock.now() }
        const made = { ...before, ...set }
        refuseSeveralSigned(made.signingSealed !== null, made.maxFiles)
        const expect = { contractId, signingSealed, maxFiles }
        const steps: Step[] = [
          {
            write: { op: 'update', table: 'monitors', tenantId, id, set, expect },
            refused: { missing: notFound('monitor'), moved: 'again' },
          },
          { write: auditWrite(context, principal, 'monitor.updated', id, { fields: Object.keys(given) }) },
          ...(await contractSteps(context, tenantId, contractId, made.contractId)),
        ]
        return { made, shown, steps }
      })
      return { ...showMonitor(made), ...shown }
    },

    /** Ends the monitor and its URL. Its events stay. @throws DrifthookError `NOT_FOUND` */
    async delete(principal: Principal, id: string): Promise<void> {
      requirePermission(principal, 'monitors:write')
      const { tenantId } = principal
      await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const expect = { contractId: before.contractId }
        return {
          steps: [
            {
              write: { op: 'delete', table: 'monitors', tenantId, id, expect },
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
      const { token, columns } = newToken(secrets, tenantId, validate(idField, id))
      const set = { ...columns, updatedAt: clock.now() }
      await commitSteps(storage, async () => ({
        steps: [
          {
            write: { op: 'update', table: 'monitors', tenantId, id, set },
            refused: { missing: notFound('monitor') },
          },
          { write: auditWrite(context, principal, 'monitor.token_rotated', id) },
        ],
      }))
      return { ...showMonitor(await row(tenantId, id)), token }
    },

    /**
     * Replaces the secret that files are signed with; the old one is void from the next request on. The answer
     * alone carries the new one.
     * @throws DrifthookError `NOT_FOUND`, `CONFLICT` where files are not signed
     */
    async rotateSigningSecret(principal: Principal, id: string): Promise<Monitor & MonitorSigningSecret> {
      requirePermission(principal, 'monitors:write')
      const { tenantId } = principal
      const { signingSecret, columns } = newSigning(secrets, tenantId, validate(idField, id))
      const { made } = await commitSteps(storage, async () => {
        const before = await row(tenantId, id)
        const { signingSealed } = before
        if (signingSealed === null) throw notSigned()
        const set = { ...columns, updatedAt: clock.now() }
        const steps: Step[] = [
          {
            write: { op: 'update', table: 'monitors', tenantId, id, set, expect: { signingSealed } },
            refused: { missing: notFound('monitor'), moved: 'again' },
          },
          { write: auditWrite(context, principal, 'monitor.signing_secret_rotated', id) },
        ]
        return { made: { ...before, ...set }, steps }
      })
      return { ...showMonitor(made), signingSecret }
    },

    /** Shows the credential again, and writes down that it was seen. @throws DrifthookError `NOT_FOUND` */
    async uploadUrl(principal: Principal, id: string): Promise<MonitorSecret> {
      requirePermission(principal, 'monitors:reveal')
      const token = openToken(secrets, await row(principal.tenantId, id))
      await storage.commit([auditWrite(context, principal, 'monitor.url_revealed', id)])
      return { token }
    },
  }
}

const notSigned = () =>
  new DrifthookError('CONFLICT', 'The files of this monitor are not signed. Switch `signed` on instead.')
