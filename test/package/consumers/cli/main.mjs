/** The command as it is installed: found by npx, and by scripts in `node_modules/.bin`. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

const { version } = JSON.parse(readFileSync('node_modules/drifthook/package.json', 'utf8'))
// On Windows npm's commands are scripts, which only a shell starts.
const run = (command, ...args) =>
  spawnSync(command, args, { encoding: 'utf8', shell: process.platform === 'win32' })

assert.equal(run('npx', '--no-install', 'drifthook', '--version').stdout, `${version}\n`)

writeFileSync('before.json', '[{"id":1}]')
writeFileSync('after.json', '[{"id":"x"}]')
const { status, stdout, stderr } = run('node_modules/.bin/drifthook', 'diff', 'before.json', 'after.json')
assert.deepEqual([status, stderr], [1, ''])
assert.match(stdout, /^Drift: 1 changed \(major; breaking\)\.\n/)
assert.equal(run('node_modules/.bin/drifthook', 'diff', 'before.json', 'nowhere.json').status, 2)
