import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget, type BudgetPlace } from '../../../../src/services/uploads/budget.js'
import { Intake, type IntakeOptions } from '../../../../src/services/uploads/intake.js'

/** A place that keeps count. */
function countingPlace() {
  const place = {
    taken: 0,
    given: 0,
    take: (bytes: number) => {
      place.taken += bytes
    },
    giveBack: (bytes: number) => {
      place.given += bytes
    },
    leave() {},
  }
  return place
}

const intakeOf = (place: BudgetPlace, options: Partial<IntakeOptions> = {}) =>
  new Intake({
    fileName: 'orders.csv',
    contentType: 'text/csv',
    maxBytes: 1_000_000,
    format: null,
    hmacKey: null,
    place,
    directory: null,
    memoryBytes: 1_000,
    ...options,
  })

const zip = Buffer.concat([Buffer.from('504b0304', 'hex'), Buffer.alloc(5_000)])

describe('a file on its way in', () => {
  it('is hashed and counted, in memory or on disk, however it is cut', async () => {
    const key = Buffer.from('a key')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(700), { minLength: 1, maxLength: 12 }).filter((list) => list.some((n) => n > 0)),
        async (lengths) => {
          const place = countingPlace()
          const intake = intakeOf(place, { hmacKey: key })
          const chunks = lengths.map((length, n) => Buffer.alloc(length, 97 + n))
          for (const chunk of chunks) await intake.write(chunk)
          const whole = Buffer.concat(chunks)
          const file = await intake.end()
          expect(file).toMatchObject({
            size: whole.byteLength,
            sha256: createHash('sha256').update(whole).digest('hex'),
            hmac: createHmac('sha256', key).update(whole).digest('hex'),
            fileName: 'orders.csv',
            contentType: 'text/csv',
          })
          expect(file.content instanceof Uint8Array).toBe(whole.byteLength <= 1_000)
          expect(place).toMatchObject({ taken: whole.byteLength, given: 0 })
          await file.release()
          expect(place.given).toBe(whole.byteLength)
        },
      ),
      { numRuns: 50 },
    )
  })

  it('has no HMAC without a key', async () => {
    const intake = intakeOf(countingPlace())
    await intake.write(Buffer.from('a'))
    const file = await intake.end()
    expect(file.hmac).toBeNull()
    await file.release()
  })

  it('may have maxBytes, and not one more', async () => {
    for (const chunk of [1, 99, 100, 4_000]) {
      const place = countingPlace()
      const exact = intakeOf(place, { maxBytes: 4_000 })
      for (let sent = 0; sent < 4_000; sent += chunk) {
        await exact.write(Buffer.alloc(Math.min(chunk, 4_000 - sent), 'a'))
      }
      const file = await exact.end()
      expect(file.size).toBe(4_000)
      await file.release()

      const over = intakeOf(place, { maxBytes: 4_000 })
      await over.write(Buffer.alloc(4_000, 'a'))
      await expect(over.write(Buffer.alloc(1))).rejects.toMatchObject({
        code: 'FILE_TOO_LARGE',
        limit: { name: 'upload.maxBytes', value: 4_000 },
      })
      expect(place.given).toBe(place.taken)
    }
  })

  it('is refused by its first bytes, before the rest has come', async () => {
    const place = countingPlace()
    const intake = intakeOf(place)
    await intake.write(zip.subarray(0, 1))
    await expect(intake.write(zip.subarray(1, 4))).rejects.toMatchObject({ code: 'FILE_ARCHIVE' })
    expect(place).toMatchObject({ taken: 4, given: 4 })
    // And stays refused.
    await expect(intake.write(Buffer.from('a'))).rejects.toMatchObject({ code: 'FILE_ARCHIVE' })
    await expect(intake.end()).rejects.toMatchObject({ code: 'FILE_ARCHIVE' })
    await intake.abort()
    expect(place).toMatchObject({ taken: 4, given: 4 })
  })

  it('is refused at its end when it is empty', async () => {
    await expect(intakeOf(countingPlace()).end()).rejects.toMatchObject({ code: 'FILE_EMPTY' })
  })

  it('is refused when the budget has no room, and lets go of what it has', async () => {
    const budget = new Budget({ budgetBytes: 40_000, inFlightPerToken: 10 })
    const busy = intakeOf(budget.enter('acme', 'm'))
    await busy.write(Buffer.alloc(9_000, 'a'))
    await expect(busy.write(Buffer.alloc(2_000, 'a'))).rejects.toMatchObject({
      code: 'UPLOADS_BUSY',
      limit: { name: 'upload.budgetBytes', value: 10_000 },
    })
    const next = budget.enter('globex', 'm')
    next.leave()
    next.take(10_000)
  })

  it('is let go of by abort, in any state and more than once', async () => {
    for (const bytes of [0, 10, 5_000]) {
      const place = countingPlace()
      const intake = intakeOf(place)
      await intake.write(Buffer.alloc(bytes, 'a'))
      await Promise.all([intake.abort(), intake.abort()])
      await intake.write(Buffer.alloc(10, 'a'))
      await expect(intake.end()).rejects.toMatchObject({ code: 'UPLOAD_INVALID' })
      await intake.abort()
      expect(place).toMatchObject({ taken: bytes, given: bytes })
    }
  })

  it('is let go of by abort while a write or its end is under way', async () => {
    const place = countingPlace()
    const writing = intakeOf(place)
    const write = writing.write(Buffer.alloc(900_000, 'a'))
    await Promise.all([writing.abort(), write])
    await expect(writing.end()).rejects.toMatchObject({ code: 'UPLOAD_INVALID' })

    const ending = intakeOf(place)
    await ending.write(Buffer.alloc(5_000, 'a'))
    const end = ending.end()
    const [, outcome] = await Promise.allSettled([ending.abort(), end])
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'UPLOAD_INVALID' } })
    expect(place.given).toBe(place.taken)
  })

  it('belongs to who has it after its end: abort leaves it, release gives back once', async () => {
    const place = countingPlace()
    const intake = intakeOf(place)
    await intake.write(Buffer.alloc(5_000, 'a'))
    const file = await intake.end()
    await intake.abort()
    expect(place.given).toBe(0)
    await Promise.all([file.release(), file.release(), intake.abort()])
    await file.release()
    expect(place.given).toBe(5_000)
  })
})
