/** Starts a server for the length of a test process. Plain JavaScript, so that a plain `node` can run it too. */
import { spawn } from 'node:child_process'
import { createServer, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * The keeper stands between us and the server. It waits for the end of its standard input, which comes when
 * we ask for it and also when this process dies in a way that runs no handler (SIGKILL). Then it stops the
 * server and removes its directory.
 */
const keeper = `
directory=$1; signal=$2; shift 2
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( read -r end <&3; kill -$signal $server 2>/dev/null ) &
watcher=$!
wait $server
code=$?
kill $watcher 2>/dev/null
cd /
rm -rf "$directory"
exit $code
`

/**
 * Stands in the server's place and starts it again whenever it ends, until it is told to stop: by SIGTERM, since a
 * shell in the background never hears SIGINT.
 */
const restarter = `
trap 'stopping=1; kill -INT $server 2>/dev/null' TERM
while [ -z "$stopping" ]; do
  "$@" &
  server=$!
  [ -z "$stopping" ] || kill -INT $server
  wait $server
  [ -n "$stopping" ] || sleep 0.05
done
wait $server
`

const startDeadlineMs = 20_000
const stopDeadlineMs = 10_000

/**
 * @typedef {{ uid: number, gid: number }} User whom the server runs as
 *
 * @param {object} options
 * @param {string} options.directory what the server writes to; owned by the server's user, removed with it
 * @param {readonly string[]} options.command the server's program and arguments
 * @param {User | null} options.user null: as ourselves
 * @param {() => Promise<void>} options.ready rejects until the server answers
 * @param {boolean} [options.restarts] whether it is started again whenever it ends
 * @returns {Promise<() => Promise<void>>} stops the server
 */
export async function startThrowaway({ directory, command, user, ready, restarts = false }) {
  const program = restarts
    ? ['TERM', '/bin/sh', '-c', restarter, 'restarter', ...command]
    : ['INT', ...command]
  const child = spawn('/bin/sh', ['-c', keeper, 'keeper', directory, ...program], {
    cwd: directory,
    // A session of its own: Ctrl-C reaches us, and the end of the pipe tells the keeper.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...user,
  })
  let output = ''
  let ended = false
  const end = /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => {
        ended = true
        resolve()
      })
    })
  )
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-4_000)
    })
  }
  // Writing to a keeper that has ended fails with EPIPE; `end` says that already.
  child.stdin.on('error', () => {})
  // A running throwaway server keeps no process alive.
  child.unref()
  for (const pipe of child.stdio) if (pipe instanceof Socket) pipe.unref()

  const stop = async () => {
    child.ref()
    child.stdin.end()
    const timer = new AbortController()
    await Promise.race([end, sleep(stopDeadlineMs, undefined, { signal: timer.signal })])
    timer.abort()
    if (!ended) throw new Error(`${command[0]} did not stop within ${stopDeadlineMs} ms\n${output}`)
  }

  const deadline = Date.now() + startDeadlineMs
  for (;;) {
    try {
      await Promise.race([ready(), end.then(() => Promise.reject(new Error('it ended')))])
      return stop
    } catch (cause) {
      if (!ended && Date.now() < deadline) {
        await sleep(30)
        continue
      }
      if (!ended) await stop()
      throw new Error(`${command.join(' ')} did not start\n${output}`, { cause })
    }
  }
}

/**
 * A port nobody listens on right now. Somebody else may take it before we do: the server then ends at once
 * and says so.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address())
      probe.close(() => resolve(port))
    })
  })
}
