/**
 * Flat key-value files: `key = value` lines, perhaps in `[sections]`. Paths are `key` and `section.key`; a key
 * or section with dots in its name is one name, `server\.port`. A key that stands several times is a list,
 * `key[]`, as is a section: readers of such files differ in which value counts, so none is dropped.
 */
import { DrifthookError } from '../../errors.js'
import { BuilderContext, PathBuilder } from '../builder.js'
import { limitExceeded } from '../limits.js'
import { placeAt, placesAt } from '../place.js'
import type { Profile } from '../profile.js'
import { toUtf8 } from './csv-encoding.js'
import { linesOf, readLine } from './key-value-lines.js'
import { judgeKeyValue, separatorNames, sniffKeyValue } from './key-value-sniffer.js'
import type { Detection, Format, ProfileOptions } from './registry.js'
import { TextToken } from './text-token.js'

export const keyValue: Format = { name: 'key-value', detect, profile }

function detect(head: Uint8Array): Detection | null {
  const bytes = decoded(head)
  if (bytes === null || bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return null
  return judgeKeyValue(sniffKeyValue(bytes))
}

/** The head of a file may be cut inside a character. */
function decoded(head: Uint8Array): Uint8Array | null {
  const wide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)
  try {
    return toUtf8(wide ? head.subarray(0, head.length & ~1) : head).bytes
  } catch {
    return null
  }
}

function profile(bytes: Uint8Array, options: ProfileOptions): Profile {
  const file = toUtf8(bytes)
  const { separator, sections, pairs } = sniffKeyValue(file.bytes)
  const profiler = new KeyValueProfiler(file.bytes, new BuilderContext(options.key, options.limits))
  for (const { at, text } of linesOf(file.bytes)) {
    const line = readLine(text, separator)
    if (line.kind === 'section') profiler.section(line.name, at)
    else if (line.kind === 'pair') profiler.pair(line.key, line.value, at)
    else if (line.kind === 'flag' && pairs > 0) profiler.pair(line.key, null, at)
    else if (line.kind !== 'nothing') {
      throw new DrifthookError('FILE_MALFORMED', 'The line is not a key and a value.', {
        place: placeAt(file.bytes, at),
      })
    }
  }
  return {
    format: 'key-value',
    dialect: { delimiter: separatorNames[separator], encoding: file.encoding, sections },
    root: profiler.finish(),
    findings: [],
  }
}

/** The file or a section that is open. */
interface Group {
  builder: PathBuilder
  serial: number
  count: number
  at: number
}

class KeyValueProfiler {
  readonly #file: Group
  #group: Group
  readonly #token = new TextToken()
  #serial = 1
  #empty = true

  constructor(
    readonly bytes: Uint8Array,
    readonly context: BuilderContext,
  ) {
    const builder = new PathBuilder(context)
    builder.seen = 1
    builder.object(0)
    this.#file = { builder, serial: 1, count: 0, at: 0 }
    this.#group = this.#file
  }

  section(name: string, at: number): void {
    this.#endSection()
    const builder = this.#child(this.#file, name, at)
    builder.object(at)
    this.#group = { builder, serial: ++this.#serial, count: 0, at }
  }

  /** @param value null: the key stands alone */
  pair(key: string, value: string | null, at: number): void {
    const builder = this.#child(this.#group, key, at)
    if (value === null) {
      builder.null(at)
      return
    }
    this.#token.write(value, this.context.seed)
    builder.field(this.#token, at)
  }

  finish(): Profile['root'] {
    if (this.#empty) throw new DrifthookError('FILE_EMPTY', 'The file holds no keys.')
    this.#endSection()
    const { builder } = this.#file
    return builder.finish(placesAt(this.bytes, builder.positions()))
  }

  #endSection(): void {
    const { builder, serial, count, at } = this.#group
    if (this.#group !== this.#file) builder.objectEnd(serial, count, at)
  }

  #child(group: Group, name: string, at: number): PathBuilder {
    this.#empty = false
    const { limits, seed } = this.context
    const place = () => placeAt(this.bytes, at)
    this.#token.write(name, seed)
    if (this.#token.end > limits.keyLength) throw limitExceeded('keyLength', limits, place())
    const child = group.builder.child(this.#token, false, place)
    if (child === group.builder.rest) child.seen++
    else if (child.occur(group.serial, group.count, at)) group.count++
    return child
  }
}
