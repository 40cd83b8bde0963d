// A format whose files are read when a test says so: `GATED`, then a folder and a name. That reading begins stands
// in the folder's file `begun`, in the order in which it did; it goes on once there is a file of the name, or `open`.
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineFormat } from 'drifthook/diff'

const never = new Int32Array(new SharedArrayBuffer(4))

export default defineFormat({
  name: 'gated',
  detect: (head) =>
    Buffer.from(head.subarray(0, 6)).toString() === 'GATED\n'
      ? { confidence: 1, evidence: 'starts with GATED' }
      : null,
  parse(bytes) {
    const [, folder = '', name = ''] = Buffer.from(bytes).toString().split('\n')
    if (folder !== '') {
      appendFileSync(join(folder, 'begun'), `${name}\n`)
      while (!existsSync(join(folder, name)) && !existsSync(join(folder, 'open')))
        Atomics.wait(never, 0, 0, 5)
    }
    return [{ sku: 'KX-1', quantity: 1 }]
  },
})
