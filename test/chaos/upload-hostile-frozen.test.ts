/** The attacks once more where nobody can add to what every object inherits: whoever tries is answered 500. */
import { expect, it } from 'vitest'
import { uploadTarget } from '../support/upload-target.js'
import { advisories } from './hostile/advisories.js'
import type { Attack } from './hostile/attack.js'
import { hostileContents } from './hostile/contents.js'
import { attack, largeBystander } from './hostile/replay.js'
import { hostileRequests } from './hostile/requests.js'

it('no attack needs what every object inherits to change', { timeout: 120_000 }, async () => {
  const target = await uploadTarget()
  try {
    Object.freeze(Object.prototype)
    const attacks: readonly Attack[] = [...advisories, ...hostileContents, ...hostileRequests]
    for (const each of attacks) await attack(target, { ...each, times: 1 })
    await largeBystander(target)
    expect(Reflect.set(Object.prototype, 'polluted', 1)).toBe(false)
  } finally {
    await target.close()
  }
})
