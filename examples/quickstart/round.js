// One round: the partner pushes a clean file and a drifted one; we print what drifted and what was told.
import { owner, sampleFile } from './set-up.js'

/**
 * @param {import('drifthook').Drifthook} drifthook
 * @param {string} origin
 * @param {import('./data.js').Demo} demo
 * @param {import('./receiver.js').Receiver} receiver
 */
export async function playRound(drifthook, origin, demo, receiver) {
  const clean = await push(origin, demo.token, 'orders-clean.json')
  console.log(`orders-clean.json    ${clean.has_drift ? 'DRIFT' : 'no drift'}  (event ${clean.event_id})`)

  const drifted = await push(origin, demo.token, 'orders-drifted.json')
  const { additions, removals, changes, renames } = drifted.drift_summary
  console.log(
    `orders-drifted.json  DRIFT: ${additions} added, ${removals} removed, ${changes} changed, ${renames} renamed` +
      `; severity ${drifted.severity}, result ${drifted.result}  (event ${drifted.event_id})\n`,
  )
  const event = await drifthook.events.get(owner, drifted.event_id)
  for (const change of event.changes) {
    const what = change.aspect === undefined ? change.kind : `${change.kind} (${change.aspect})`
    const fromTo = [change.from, change.to].filter((side) => side !== null).join(' -> ')
    console.log(`  ${change.impact.padEnd(9)} ${what.padEnd(16)} ${change.path}  ${fromTo}`)
  }

  const told = await receiver.about(drifted.event_id, 15_000)
  if (told === null) throw new Error('no webhook arrived within 15 s')
  if (!told.verified) throw new Error(`the webhook's signature is wrong: ${told.reason}`)
  console.log(`\nwebhook ${told.body.event} received, signature verified`)
  console.log(`  webhook-id ${told.headers['webhook-id']}, delivery ${told.body.delivery_id}`)
}

/**
 * What a partner's own script does.
 * @param {string} origin
 * @param {string} token
 * @param {string} name
 */
async function push(origin, token, name) {
  const form = new FormData()
  form.append('file', new Blob([sampleFile(name)], { type: 'application/json' }), name)
  const response = await fetch(`${origin}/drift/webhook/${token}`, { method: 'POST', body: form })
  const answer = /** @type {any} */ (await response.json())
  if (!response.ok) throw new Error(`${name}: ${response.status} ${answer.code}: ${answer.detail}`)
  return answer
}
