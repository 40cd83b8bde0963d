/** Refusals on their way to the audit trail: coalesced, bounded, never lost while there is room. */
import { describe, expect, it, vi } from 'vitest'
import { DrifthookError, type ErrorCode, memoryStorage } from '../../../../src/index.js'
import { type Refused, RefusedUploads } from '../../../../src/services/uploads/attempts.js'
import { fakeClock } from '../../../../src/testkit/fake-clock.js'
import { recordingLogger } from '../../../support/app.js'

const monitor = { tenantId: 'acme', id: 'mon_1' }
const from = (address: string | null): Refused => ({ monitor, address })
const refusal = (code: ErrorCode = 'FILE_EMPTY') => new DrifthookError(code, 'Refused.')
const unavailable = refusal('STORAGE_UNAVAILABLE')
const minute = 60_000

function scene() {
  const storage = memoryStorage()
  const clock = fakeClock()
  const logger = recordingLogger()
  const commit = vi.spyOn(storage, 'commit')
  const refusals = new RefusedUploads({ storage, clock, logger })
  const entries = async (tenantId = 'acme') =>
    (await storage.list('auditEntries', { tenantId, index: 'created', limit: 1_000 })).items
  const counts = async (tenantId?: string) => (await entries(tenantId)).map(({ detail }) => detail.count)
  return { storage, clock, logger, commit, refusals, entries, counts }
}

describe('refused uploads', () => {
  it('of one monitor, address, code and minute are one entry', async () => {
    const { refusals, entries, clock } = scene()
    const others: [ErrorCode, Refused][] = [
      ['FILE_EMPTY', from('192.0.2.2')],
      ['FILE_EMPTY', from(null)],
      ['FILE_SUSPICIOUS', from('192.0.2.1')],
      ['FILE_EMPTY', { monitor: { ...monitor, id: 'mon_2' }, address: '192.0.2.1' }],
    ]
    for (let n = 0; n < 3; n++) refusals.note(refusal(), from('192.0.2.1'))
    for (const [code, whose] of others) refusals.note(refusal(code), whose)
    await clock.advance(minute)
    refusals.note(refusal(), from('192.0.2.1'))
    await refusals.close()
    const kept = await entries()
    expect(kept.map(({ detail }) => detail.count).sort()).toEqual([1, 1, 1, 1, 1, 3])
  })

  it('are written one by one only as often as it takes', async () => {
    const { refusals, commit, clock, counts } = scene()
    refusals.note(refusal(), from('192.0.2.1'))
    await clock.advance(0)
    expect(await counts()).toEqual([1])
    for (let n = 0; n < 100; n++) {
      refusals.note(refusal(), from('192.0.2.1'))
      await clock.advance(10)
    }
    expect(commit).toHaveBeenCalledTimes(1)
    await clock.advance(5_000)
    expect(commit).toHaveBeenCalledTimes(2)
    expect(await counts()).toEqual([101])
    await clock.advance(minute)
    expect(commit).toHaveBeenCalledTimes(2)
    await refusals.close()
    expect(commit).toHaveBeenCalledTimes(2)
  })

  it('leave out what refuses nothing, and whatever comes after the end', async () => {
    const { refusals, entries, storage } = scene()
    refusals.note(new Error('ours'), from(null))
    refusals.note(refusal('INTERNAL'), from(null))
    refusals.note(refusal('STOPPED'), from(null))
    refusals.note(refusal('UPLOADS_BUSY'), from(null))
    await refusals.close()
    refusals.note(refusal(), from(null))
    expect((await entries()).map(({ detail }) => detail.code)).toEqual(['UPLOADS_BUSY'])
    expect(await storage.tenants('auditEntries', null, 10)).toEqual(['acme'])
  })

  it('wait for a storage that is away, and are told of once', async () => {
    const { refusals, commit, clock, logger, counts } = scene()
    commit.mockRejectedValue(unavailable)
    refusals.note(refusal(), from('192.0.2.1'))
    await clock.advance(minute)
    expect(commit.mock.calls.length).toBeGreaterThan(5)
    refusals.note(refusal(), from('192.0.2.2'))
    await clock.advance(10 * minute)
    expect(logger.lines).toHaveLength(1)
    commit.mockRestore()
    await clock.advance(5_000)
    expect(await counts()).toEqual([1, 1])
    await refusals.close()
  })

  it('are not written twice when the answer to the first time was lost', async () => {
    const { refusals, storage, commit, clock, counts } = scene()
    commit.mockImplementationOnce(async (writes) => {
      await Object.getPrototypeOf(storage).commit.call(storage, writes)
      throw unavailable
    })
    refusals.note(refusal(), from('192.0.2.1'))
    refusals.note(refusal(), from('192.0.2.1'))
    refusals.note(refusal(), from('192.0.2.2'))
    await clock.advance(10_000)
    expect((await counts()).sort()).toEqual([1, 2])
    await refusals.close()
  })

  it('stay away when somebody erased them meanwhile', async () => {
    const { refusals, storage, clock, entries } = scene()
    refusals.note(refusal(), from('192.0.2.1'))
    await clock.advance(0)
    await storage.erase('auditEntries', 'acme', 10)
    refusals.note(refusal(), from('192.0.2.1'))
    await refusals.close()
    expect(await entries()).toEqual([])
  })

  it('from more addresses than are told apart are counted by their code', async () => {
    const { refusals, commit, counts, entries, clock, logger } = scene()
    commit.mockRejectedValue(unavailable)
    for (let n = 0; n < 20_000; n++) refusals.note(refusal('ADDRESS_REFUSED'), from(`2001:db8::${n}`))
    refusals.note(refusal(), from('2001:db8::'))
    expect(logger.lines.filter(({ message }) => message === 'an upload was refused')).toHaveLength(10_001)
    commit.mockRestore()
    await clock.advance(5_000)
    const shared = await entries('_system')
    const told = shared.map(({ target, detail: { code, address, count } }) => ({
      target,
      code,
      address,
      count,
    }))
    const many = { target: null, address: 'many addresses' }
    expect(told).toHaveLength(2)
    expect(told).toContainEqual({ ...many, code: 'ADDRESS_REFUSED', count: 10_000 })
    expect(told).toContainEqual({ ...many, code: 'FILE_EMPTY', count: 1 })
    // When the minute is over there is room again.
    await clock.advance(minute)
    refusals.note(refusal(), from('192.0.2.1'))
    await refusals.close()
    expect(await counts('_system')).toHaveLength(2)
  })

  it('hold up the end no longer than a storage takes to refuse them', async () => {
    const { refusals, commit, counts } = scene()
    commit.mockRejectedValue(unavailable)
    refusals.note(refusal(), from('192.0.2.1'))
    await refusals.close()
    expect(await counts()).toEqual([])
  })
})
