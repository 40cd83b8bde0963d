/** What those write who have no Express. Only checked by the compiler, as .mts and .cts. */
import { compare, type Delta, delta, profile, render, reportSchema, toSchema } from 'drifthook/diff'
import { verify } from 'drifthook/signing'
import { sqliteStorage } from 'drifthook/sqlite'
import { receiver } from 'drifthook/testkit'

export const storage = sqliteStorage({ filename: 'drifthook.db' })
export const seen = profile(new Uint8Array([123, 125]), { format: 'json' })
export const difference: Delta = delta({ a: 1 }, { a: [2] }, { keys: { 'a[]': ['id'] } })

const report = compare(toSchema(seen), seen)
export const shown: string = render(report, 'sarif', { fileName: 'orders.json' })
export const described: Readonly<Record<string, unknown>> = reportSchema
// @ts-expect-error there is no such format
render(report, 'pdf')

export function genuine(headers: Record<string, string | string[] | undefined>, body: Uint8Array): boolean {
  const result = verify({ headers, body, secret: 'whsec_x' })
  // @ts-expect-error only a refusal has a reason
  result.reason
  return result.ok
}

export async function received(): Promise<boolean> {
  const inbox = await receiver()
  const url: string = inbox.url()
  const { headers, body } = await inbox.next()
  await inbox.close()
  return url !== '' && genuine(headers, body)
}
