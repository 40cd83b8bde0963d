/** Each format through the whole of it: a contract from a sample, the next file, and one that drifted. */
import { describe, expect, it } from 'vitest'
import { acme, orders, testApp, upload } from '../support/app.js'

const many = (record: (n: number) => string, separator = '\n') =>
  Array.from({ length: 12 }, (_, n) => record(n + 1)).join(separator)

const xml = (day: number, sku = 'sku') =>
  `<?xml version="1.0"?>\n<orders day="${day}">\n${many((n) => `<order id="${day * 100 + n}"><${sku}>KX-${1000 + n}</${sku}><qty>${n}</qty></order>`)}\n</orders>`

const x12 = (day: number, ship = 'N1*ST*Warehouse*92*0042~') => {
  const lines = many((n) => `PO1*${n}*${n * day}*EA*9.50**VP*KX${1000 + n}~`)
  const date = `2603${String(day).padStart(2, '0')}`
  const control = String(day).padStart(9, '0')
  const party = `ZZ*${'SENDER'.padEnd(15)}*ZZ*${'RECEIVER'.padEnd(15)}`
  const body = `ST*850*0001~\nBEG*00*SA*PO${day}**20${date}~\n${ship}\n${lines}\nCTT*12~\n`
  const count = body.trim().split('\n').length + 1
  return `ISA*00*${' '.repeat(10)}*00*${' '.repeat(10)}*${party}*${date}*1200*U*00401*${control}*0*P*>~\nGS*PO*S*R*20${date}*1200*${day}*X*004010~\n${body}SE*${count}*0001~\nGE*1*${day}~\nIEA*1*${control}~\n`
}

const csv = (day: number, header = 'id,sku,qty') =>
  `${header}\n${many((n) => `${day * 100 + n},KX-${1000 + n},${n}`)}\n`

const keyValue = (day: number, port = 'port') =>
  `[server]\nhost = node-${day}.example\n${port} = 80${day}\n[limits]\nfiles = ${day}\n`

describe.each([
  ['json', () => orders(), orders((order) => delete order.email), 'removed orders[].email'],
  ['csv', csv, csv(3, 'id,sku,quantity'), 'renamed qty'],
  ['xml', xml, xml(3, 'article'), 'renamed orders.order[].sku'],
  ['x12', x12, x12(3, 'N1*BY*Buyer*92*0042~'), 'removed 850.N1[ST]'],
  ['key-value', keyValue, keyValue(3, 'socket'), 'removed server.port'],
] as const)('%s', (format, file: (day: number) => string, drifted, expected) => {
  it('is learned, passes the next day, and shows what drifted', async () => {
    const { app, drifthook, acme: api } = testApp()
    const { body: contract } = await api
      .post('/contracts')
      .field('name', format)
      .attach('file', Buffer.from(file(1)), 'sample')
    expect(contract).toMatchObject({ format, version: 1 })
    const monitor = await drifthook.monitors.create(acme, { name: format, contractId: contract.id })
    const path = `/drift/webhook/${monitor.token}`
    const next = await upload(app, path, file(2), 'next')
    expect([next.status, next.body.has_drift, next.body.drift_summary]).toEqual([
      200,
      false,
      { additions: 0, removals: 0, changes: 0, renames: 0 },
    ])
    const answer = await upload(app, path, drifted, 'drifted')
    expect(answer.body).toMatchObject({ success: true, has_drift: true })
    const { body: event } = await api.get(`/events/${answer.body.event_id}`)
    expect(event.format).toBe(format)
    const shown = event.changes.map(
      (change: { kind: string; path: string }) => `${change.kind} ${change.path}`,
    )
    expect(shown.join('\n')).toContain(expected)
  })
})
