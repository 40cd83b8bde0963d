/** The names senders give their files: right in every spelling clients use, and harmless in every other. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { acme } from '../support/app.js'
import { exchange, postParts } from '../support/raw-http.js'
import { goodFiles, type UploadTarget, uploadTarget } from '../support/upload-target.js'

let target: UploadTarget
beforeAll(async () => {
  target = await uploadTarget()
})
afterAll(() => target.close())

/** Header text as the bytes of its UTF-8. */
const bytes = (text: string) => Buffer.from(text).toString('latin1')
/** The same, where a header is written as latin1. */
const disposition = (parameters: string) => `Content-Disposition: form-data; name="file"; ${parameters}`

/** What stands after `name="file"` in the part's header, and the name that is recorded. */
const names: readonly [what: string, parameters: string, recorded: string][] = [
  ['UTF-8', 'filename="Käse-日本-😀.json"', 'Käse-日本-😀.json'],
  ['RFC 5987', "filename*=UTF-8''K%C3%A4se-%E6%97%A5%E6%9C%AC.json", 'Käse-日本.json'],
  ['folders', 'filename="../../../etc/passwd"', 'passwd'],
  ['folders of Windows', 'filename="C:\\\\Users\\\\x\\\\a.json"', 'a.json'],
  ['folders in RFC 5987', "filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", 'passwd'],
  ['a NUL', "filename*=UTF-8''a%00b.json", 'ab.json'],
  ['line ends', "filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x.json", 'aSet-Cookie: x.json'],
  ['text from right to left', "filename*=UTF-8''a%E2%80%AEnosj.exe", 'anosj.exe'],
  ['no width', "filename*=UTF-8''a%E2%80%8Bb%EF%BB%BF.json", 'ab.json'],
  ['markup', 'filename="<img src=x onerror=alert(1)>.json"', '<img src=x onerror=alert(1)>.json'],
  ['what objects inherit', 'filename="__proto__"', '__proto__'],
  ['two thousand characters', `filename="${'n'.repeat(2_000)}"`, 'n'.repeat(255)],
]

const fileNames = async () => {
  const { items } = await target.app.drifthook.events.list(acme, { limit: 1 })
  return items.map(({ fileName }) => fileName)
}

it.each(names)('of %s in a form', async (_what, parameters, recorded) => {
  const answer = await inForm(parameters)
  expect(answer?.status).toBe(200)
  expect(await fileNames()).toEqual([recorded])
})

it.each(names)('of %s with a raw body', async (_what, parameters, recorded) => {
  const head = `POST ${target.path()} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Disposition: attachment; ${bytes(parameters)}\r\nContent-Length: ${goodFiles.json.length}\r\n\r\n`
  const answer = await exchange(
    target.port,
    Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(goodFiles.json)]),
  )
  expect(answer?.status).toBe(200)
  expect(await fileNames()).toEqual([recorded])
})

const inForm = (parameters: string) =>
  exchange(
    target.port,
    postParts(target.path(), [{ headers: [disposition(parameters)], body: goodFiles.json }]),
  )

// As a browser sends a field in which nobody chose a file.
it.each(['filename=""', 'filename=".."', 'filename="../../"'])(
  'in a form must be one: %s',
  async (parameters) => {
    const answer = await inForm(parameters)
    expect([answer?.status, JSON.parse(answer?.body ?? '').code]).toEqual([400, 'FILE_MISSING'])
  },
)

it('that is no UTF-8 once it is decoded is well-formed all the same', async () => {
  expect((await inForm("filename*=UTF-8''%ff%fe.json"))?.status).toBe(200)
  expect(await fileNames()).toEqual(['\ufffd\ufffd.json'])
})
