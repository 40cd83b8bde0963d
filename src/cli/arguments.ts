/** What the command line understands, and the page that says so. */
import { parseArgs } from 'node:util'
import { type RenderFormat, renderFormats } from '../diff/index.js'
import { Failure } from './failure.js'

export const commands = ['diff', 'check', 'infer'] as const
export type Command = (typeof commands)[number]

/** Exit with 1 from here on. `any`: also for drift that the policy lets pass. */
const thresholds = ['breaking', 'warning', 'any'] as const
export type Threshold = (typeof thresholds)[number]

export interface Arguments {
  command: Command | null
  files: string[]
  help: boolean
  version: boolean
  format: RenderFormat
  inputFormat: string | null
  failOn: Threshold
  policy: string | null
  out: string | null
}

export const helpText = `drifthook: says what changed between files, before somebody's import breaks

Usage:
  drifthook diff <before> <after>      compares two files
  drifthook infer <file>...            learns a contract from samples
  drifthook check <contract> <file>    compares a file with a contract

A file is read from standard input where its name is "-". Formats are told from the content.

Options of diff and check:
  --format <name>         how to report: text (default), json, markdown, html, slack, teams, junit, sarif
  --fail-on <level>       exit with 1 from this level on: breaking (default), warning,
                          any (also drift that the policy lets pass)
  --policy <file>         how to judge: a policy as JSON

Options of infer:
  --out <file>            where to write the contract, instead of standard output

Options of all:
  --input-format <name>   the format of the files, where it cannot be told from the content
  --help                  shows this page
  --version               shows the version

Exit codes:
  0  no drift, or none at or above --fail-on
  1  drift at or above --fail-on
  2  could not compare; standard error says why
`

const shared = {
  'input-format': { type: 'string' },
  help: { type: 'boolean' },
  version: { type: 'boolean' },
} as const
const judging = {
  format: { type: 'string' },
  'fail-on': { type: 'string' },
  policy: { type: 'string' },
} as const
const learning = { out: { type: 'string' } } as const
const all = { ...shared, ...judging, ...learning }

/** @throws Failure `USAGE` */
export function commandOf(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv)
  const [name, ...files] = positionals
  const command = commands.find((known) => known === name) ?? null
  const args: Arguments = {
    command,
    files,
    help: values.help ?? false,
    version: values.version ?? false,
    format: choice('--format', values.format ?? 'text', renderFormats),
    inputFormat: values['input-format'] ?? null,
    failOn: choice('--fail-on', values['fail-on'] ?? 'breaking', thresholds),
    policy: values.policy ?? null,
    out: values.out ?? null,
  }
  if (args.help || args.version) return args
  if (name !== undefined && command === null) {
    throw new Failure('USAGE', `There is no command "${name}"; there are ${commands.join(', ')}.`)
  }
  if (command !== null) fitting(command, Object.keys(values), files)
  return args
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: all, allowPositionals: true })
  } catch (error) {
    // What follows the first sentence explains how to pass a dash, which nobody here needs.
    const [reason] = (error as Error).message.split('. ')
    throw new Failure('USAGE', `${reason?.replace(/\.$/, '')}. See drifthook --help.`)
  }
}

const counts: Record<Command, { least: number; most: number; words: string }> = {
  diff: { least: 2, most: 2, words: 'two files: the one before and the one after' },
  check: { least: 2, most: 2, words: 'a contract and a file' },
  infer: { least: 1, most: Number.POSITIVE_INFINITY, words: 'one file or several' },
}

function fitting(command: Command, given: readonly string[], files: readonly string[]): void {
  const known = { ...shared, ...(command === 'infer' ? learning : judging) }
  const stray = given.find((name) => !Object.hasOwn(known, name))
  if (stray !== undefined) throw new Failure('USAGE', `${command} has no option --${stray}.`)
  const { least, most, words } = counts[command]
  if (files.length < least || files.length > most) throw new Failure('USAGE', `${command} takes ${words}.`)
  if (files.filter((file) => file === '-').length > 1) {
    throw new Failure('USAGE', 'Only one file can come from standard input.')
  }
}

function choice<T extends string>(option: string, given: string, names: readonly T[]): T {
  const found = names.find((name) => name === given)
  if (found !== undefined) return found
  throw new Failure('USAGE', `${option} is one of ${names.join(', ')}.`)
}
