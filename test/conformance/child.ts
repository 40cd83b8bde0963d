/** Runs a TypeScript entry of these tests in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/** Bundles an entry into a directory, from which the packages installed here are found. */
export async function bundle(entry: string, directory: string): Promise<string> {
  const outfile = join(directory, 'child.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  await symlink(resolve('node_modules'), join(directory, 'node_modules'), 'junction').catch(() => {})
  return outfile
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  lines: string[]
  errors: string
}

export interface Running {
  process: ChildProcess
  /** The lines it has written so far. */
  lines: string[]
  ended: Promise<Ended>
}

/** @param command the program and its arguments */
export function start(command: readonly [string, ...string[]]): Running {
  const [program, ...args] = command
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  const lines: string[] = []
  let partial = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (partial + text).split('\n')
    partial = parts.pop() ?? ''
    lines.push(...parts)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = new Promise<Ended>((done, fail) => {
    child.once('error', fail)
    child.once('close', (code, signal) => done({ code, signal, lines, errors }))
  })
  return { process: child, lines, ended }
}
