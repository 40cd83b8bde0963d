/** The three commands. Each answers with an exit code. */
import { writeFile } from 'node:fs/promises'
import { basename, sep } from 'node:path'
import { readOrigin } from '../diff/evidence.js'
import {
  type ContractSchema,
  compare,
  type DriftReport,
  mergeProfiles,
  type Policy,
  render,
  toSchema,
} from '../diff/index.js'
import { DrifthookError, isDrifthookError } from '../errors.js'
import type { Arguments, Threshold } from './arguments.js'
import { InFile, within } from './failure.js'
import { type Input, nameOf, profileInput, readInput, readJson } from './input.js'
import type { Surroundings } from './main.js'
import { readPolicy } from './policy.js'

type Context = Pick<Surroundings, 'stdin' | 'out'>

/** The first file is the contract of the second. */
export async function diffFiles(args: Arguments, around: Context): Promise<number> {
  const [before, after, policy] = await readAll(args, around)
  const first = profileInput(before, args.inputFormat, null)
  return judge(toSchema(first), before, after, policy, args, around)
}

export async function checkFile(args: Arguments, around: Context): Promise<number> {
  const [contract, file, policy] = await readAll(args, around)
  return judge(readJson(contract, 'CONTRACT_INVALID'), contract, file, policy, args, around)
}

async function readAll({ files, policy }: Arguments, { stdin }: Context): Promise<[Input, Input, Policy]> {
  const [first = '', second = ''] = files
  return [
    await readInput(first, stdin),
    await readInput(second, stdin),
    policy === null ? {} : readPolicy(await readInput(policy, stdin)),
  ]
}

function judge(
  schema: ContractSchema,
  contract: Input,
  file: Input,
  policy: Policy,
  { inputFormat, format, failOn }: Arguments,
  { out }: Context,
): number {
  const seen = profileInput(file, inputFormat, readOrigin(schema).format)
  const report = comparing(contract, file, () => compare(schema, seen, policy))
  const options = {
    ...(file.name === '-' ? {} : { fileName: file.name.split(sep).join('/') }),
    ...(contract.name === '-' ? {} : { contractName: basename(contract.name) }),
  }
  out(render(report, format, options))
  return fails(report, failOn) ? 1 : 0
}

/** Only the contract can be unsupported; all else is about the file. */
function comparing(contract: Input, file: Input, work: () => DriftReport): DriftReport {
  try {
    return work()
  } catch (error) {
    const unsupported = isDrifthookError(error) && error.code === 'SCHEMA_UNSUPPORTED'
    throw new InFile(nameOf(unsupported ? contract.name : file.name), error)
  }
}

function fails({ hasDrift, result }: DriftReport, failOn: Threshold): boolean {
  if (failOn === 'any') return hasDrift
  return result === 'breaking' || (failOn === 'warning' && result === 'warning')
}

/** All samples are of one contract: what only some of them have is optional. */
export async function inferContract(args: Arguments, { stdin, out }: Context): Promise<number> {
  let merged: ReturnType<typeof profileInput> | null = null
  for (const name of args.files) {
    // One file at a time in memory.
    const next = profileInput(await readInput(name, stdin), args.inputFormat, merged?.format ?? null)
    merged = merged === null ? next : mergedWith(merged, next, name)
  }
  const text = `${JSON.stringify(toSchema(merged!), null, 2)}\n`
  if (args.out === null || args.out === '-') out(text)
  else await written(args.out, text)
  return 0
}

function mergedWith(sum: ReturnType<typeof profileInput>, next: typeof sum, name: string): typeof sum {
  return within(nameOf(name), () => {
    if (next.format === sum.format) return mergeProfiles(sum, next)
    const message = `The samples before are ${sum.format}; this one is ${next.format}.`
    throw new DrifthookError('FORMAT_MISMATCH', message)
  })
}

async function written(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (error) {
    throw new InFile(file, error)
  }
}
