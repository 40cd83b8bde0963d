/** Reads what the command was given: data, contracts and policies, none of them beyond the limit. */
import { createReadStream } from 'node:fs'
import { builtInFormats } from '../diff/formats/registry.js'
import { type ContractSchema, defaultLimits, detectFormat, type Profile, profile } from '../diff/index.js'
import { limitExceeded } from '../diff/limits.js'
import { Failure, InFile, within } from './failure.js'

export interface Input {
  /** As it was given; `-` is standard input. */
  name: string
  bytes: Uint8Array
}

/** @throws DrifthookError `FILE_LIMIT_EXCEEDED`; errors of the file system. Each says which file. */
export async function readInput(name: string, stdin: AsyncIterable<Uint8Array>): Promise<Input> {
  try {
    // `end` counts from 0 and is included: one byte more than allowed tells that there is more.
    const source = name === '-' ? stdin : createReadStream(name, { end: defaultLimits.bytes })
    return { name, bytes: await collect(source) }
  } catch (error) {
    throw new InFile(nameOf(name), error)
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of source) {
    size += chunk.length
    if (size > defaultLimits.bytes) throw limitExceeded('bytes', defaultLimits)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

export const nameOf = (file: string) => (file === '-' ? 'standard input' : file)

/**
 * What a file shows, in the format its content has.
 * @param format the one the user named
 * @param expected decides where the content leaves the format open, as a table of one column does
 */
export function profileInput(
  { name, bytes }: Input,
  format: string | null,
  expected: string | null,
): Profile {
  if (format !== null && !builtInFormats.some((known) => known.name === format)) {
    const names = builtInFormats.map((known) => known.name)
    throw new Failure('USAGE', `--input-format is one of ${names.join(', ')}.`)
  }
  return within(nameOf(name), () => profile(bytes, { format: format ?? formatOf(bytes, expected) }))
}

function formatOf(bytes: Uint8Array, expected: string | null): string {
  try {
    return detectFormat(bytes).format
  } catch (error) {
    if (expected === null || bytes.length === 0) throw error
    return expected
  }
}

/** A contract or a policy. What `JSON.parse` says is not repeated: it quotes the file. */
export function readJson(
  { name, bytes }: Input,
  code: 'CONTRACT_INVALID' | 'POLICY_INVALID',
): ContractSchema {
  return within(nameOf(name), () => {
    const value = parsed(new TextDecoder().decode(bytes))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ContractSchema
    throw new Failure(code, 'This is not a JSON object.')
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
