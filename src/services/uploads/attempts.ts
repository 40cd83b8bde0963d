/** Every attempt to upload is written down: a received file with its event, a refused one in the background. */
import { type ErrorCode, isDrifthookError } from '../../errors.js'
import { isPreconditionFailed, type Write } from '../../ports/storage.js'
import type { Row } from '../../ports/tables.js'
import type { Context } from '../context.js'
import { newId } from '../ids.js'
import { systemTenant } from '../jobs/new.js'
import { auditWrite, instantText } from '../shared.js'

/** Who a file comes from. */
export interface UploadOrigin {
  /** In the audit trail: `upload` for whoever has the token, else the principal's own. */
  actor: string
  /** In its one spelling; null if it is not known. */
  address: string | null
}

/** Of whoever has the token. */
export const uploadActor = 'upload'

/** The audit entry of a file that was taken in, to be committed with its event. Of a dry run there is none. */
export const receivedEntry = (
  context: Pick<Context, 'clock'>,
  event: Pick<Row<'driftEvents'>, 'tenantId' | 'monitorId' | 'fileSize' | 'fileSha256'> & {
    id: string | null
  },
  { actor, address }: UploadOrigin,
): Write =>
  auditWrite(context, { tenantId: event.tenantId, actor }, 'upload.received', event.monitorId, {
    event_id: event.id === null ? null : Number(event.id),
    address,
    size: event.fileSize,
    sha256: event.fileSha256,
  })

/** What an attack looks like: worth a line in the host's log. */
const alarming: readonly ErrorCode[] = [
  'ADDRESS_REFUSED',
  'SIGNATURE_INVALID',
  'FILE_ARCHIVE',
  'FILE_EXECUTABLE',
  'FILE_SUSPICIOUS',
  'FILE_TYPE_REFUSED',
  'XML_DOCTYPE_REFUSED',
  'FILE_LIMIT_EXCEEDED',
]

const minute = 60_000
/** How often what is counted already is written again; and how long a storage that is away is left alone. */
const pauseMs = 5_000
/** Of all tenants; what is beyond is counted by its code alone. */
const mostGroups = 10_000
const groupsPerCommit = 100
/** How long the end waits for a storage that does not answer. */
const patienceMs = 5_000

/** Refusals of one kind: one monitor, one address, one code, one minute. */
interface Group {
  tenantId: string
  id: string
  monitorId: string | null
  code: ErrorCode
  address: string | null
  count: number
  firstAt: number
  lastAt: number
  /** Its count as it stands in the storage; 0: it is not there. */
  written: number
  /** It is not written again before. */
  writeAt: number
}

/** Whose upload was refused, as far as that is known. */
export interface Refused {
  monitor: Pick<Row<'monitors'>, 'tenantId' | 'id'> | null
  /** In its one spelling; null if it is not known. */
  address: string | null
}

/**
 * Refused uploads on their way to the audit trail. Many of a kind make one entry, so that an attack fills
 * neither the memory nor the storage, and no answer waits for it or fails with it.
 */
export class RefusedUploads {
  readonly #context: Pick<Context, 'storage' | 'clock' | 'logger'>
  readonly #groups = new Map<string, Group>()
  readonly #closing = new AbortController()
  /** Aborted when there is something to be written at once. */
  #news = new AbortController()
  #working: Promise<void> | null = null
  #away = false

  constructor(context: Pick<Context, 'storage' | 'clock' | 'logger'>) {
    this.#context = context
  }

  /** Counts a refusal; an error that refuses nothing (ours, or that of a process that ends) is left out. */
  note(error: unknown, { monitor, address }: Refused): void {
    if (!isDrifthookError(error) || error.status === 500 || error.code === 'STOPPED') return
    if (this.#closing.signal.aborted) return
    const now = this.#context.clock.now()
    const kind = [monitor?.tenantId, monitor?.id, address, error.code, Math.floor(now / minute)]
    const known = this.#groups.get(JSON.stringify(kind))
    const group = known ?? this.#begin(JSON.stringify(kind), error.code, { monitor, address }, now)
    group.count += 1
    group.lastAt = now
    if (group.count === 1) this.#news.abort()
    this.#working ??= this.#work()
  }

  /** Writes what is not written yet. Nothing is counted any more. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#news.abort()
    let timer: NodeJS.Timeout | undefined
    const impatient = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs)
    })
    const ended = (async () => {
      await this.#working
      await this.#write([...this.#groups.values()])
    })()
    await Promise.race([ended, impatient])
    clearTimeout(timer)
  }

  #begin(kind: string, code: ErrorCode, refused: Refused, now: number): Group {
    const few = this.#groups.size < mostGroups
    const { monitor, address } = few ? refused : { monitor: null, address: 'many addresses' }
    const key = few ? kind : code
    const there = this.#groups.get(key)
    if (there !== undefined) return there
    const group: Group = {
      tenantId: monitor?.tenantId ?? systemTenant,
      id: newId('aud', now),
      monitorId: monitor?.id ?? null,
      code,
      address,
      count: 0,
      firstAt: now,
      lastAt: now,
      written: 0,
      writeAt: now,
    }
    this.#groups.set(key, group)
    // With no monitor it is whoever tries one token after the other.
    if (alarming.includes(code) || (code === 'RATE_LIMITED' && monitor === null)) {
      const { tenantId = null, id: monitorId = null } = monitor ?? {}
      this.#context.logger.warn('an upload was refused', { code, monitorId, tenantId, address })
    }
    return group
  }

  async #work(): Promise<void> {
    const { clock } = this.#context
    while (this.#groups.size > 0 && !this.#closing.signal.aborted) {
      this.#news = new AbortController()
      const now = clock.now()
      const due = [...this.#groups.values()].filter((group) => group.writeAt <= now)
      const written = await this.#write(due)
      this.#forget(now)
      await clock.wait(pauseMs, written ? this.#news.signal : this.#closing.signal)
    }
    this.#working = null
  }

  /** What is written and whose minute is over can grow no more. */
  #forget(now: number): void {
    for (const [key, { firstAt, count, written }] of this.#groups) {
      const over = Math.floor(firstAt / minute) < Math.floor(now / minute)
      if (over && count === written) this.#groups.delete(key)
    }
  }

  /** @returns whether all of them are in the storage now */
  async #write(groups: readonly Group[]): Promise<boolean> {
    let away = false
    for (const batch of batches(groups.filter(({ count, written }) => count > written))) {
      try {
        await this.#commit(batch)
      } catch (error) {
        away = true
        if (!this.#away) {
          this.#context.logger.warn('refused uploads cannot be written down now; they are kept', { error })
        }
        this.#away = true
      }
    }
    this.#away &&= away
    return !away
  }

  async #commit(batch: readonly Group[]): Promise<void> {
    const counts = batch.map(({ count }) => count)
    try {
      await this.#context.storage.commit(batch.map(writeOf))
    } catch (error) {
      const there = isPreconditionFailed(error) ? batch[error.write] : undefined
      if (there === undefined || there.written > 0) throw error
      // It was written after all, when the storage seemed to be away.
      there.written = 1
      return this.#commit(batch)
    }
    const writeAt = this.#context.clock.now() + pauseMs
    batch.forEach((group, n) => {
      group.written = counts[n] ?? 0
      group.writeAt = writeAt
    })
  }
}

function writeOf({ tenantId, id, monitorId, code, address, ...group }: Group): Write {
  const detail = {
    code,
    address,
    count: group.count,
    first_at: instantText(group.firstAt),
    last_at: instantText(group.lastAt),
  }
  const table = 'auditEntries'
  // Whoever erased it meanwhile does not want it back.
  if (group.written > 0) return { op: 'update', table, tenantId, id, set: { detail }, optional: true }
  const entry = { tenantId, id, actor: uploadActor, action: 'upload.refused', target: monitorId, detail }
  return { op: 'insert', table, row: { ...entry, createdAt: group.firstAt } }
}

/** A commit is for one tenant. */
function batches(groups: readonly Group[]): Group[][] {
  const open = new Map<string, Group[]>()
  const all: Group[][] = []
  for (const group of groups) {
    const batch = open.get(group.tenantId)
    if (batch !== undefined && batch.length < groupsPerCommit) batch.push(group)
    else {
      const begun = [group]
      all.push(begun)
      open.set(group.tenantId, begun)
    }
  }
  return all
}
