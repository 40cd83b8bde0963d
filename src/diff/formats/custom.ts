import { DrifthookError, isDrifthookError } from '../../errors.js'
import { limitExceeded } from '../limits.js'
import { json } from './json.js'
import type { Detection, Format } from './registry.js'

/** A format of the host's own, described by what it takes to read one. */
export interface CustomFormat {
  /** Lower-case letters, digits and `-`; not the name of a built-in format. */
  name: string
  /**
   * Whether the start of a file (up to 64 KiB) looks like this format.
   * @returns how sure, 0 to 1, and why in a few words without values of the file; null: certainly not
   */
  detect(head: Uint8Array): Detection | null
  /**
   * The whole file as a JSON value, with the types its values have. What it throws is answered as
   * `FILE_MALFORMED`; throw a `DrifthookError` of that code to name the place.
   * @param bytes to be read before this returns: the next file comes in the same memory
   */
  parse(bytes: Uint8Array): unknown
}

/**
 * Makes a format of a parser. Its values are profiled as JSON of the same content would be; witnesses have no
 * place in the file, as the parser does not tell any.
 * @throws TypeError for a name that cannot be one
 */
export function defineFormat({ name, detect, parse }: CustomFormat): Format {
  if (!/^[a-z][a-z0-9-]{0,49}$/.test(name))
    throw new TypeError(`Not a name for a format: ${JSON.stringify(name)}`)
  return {
    name,
    detect,
    profile(bytes, options) {
      const text = JSON.stringify(parsed(name, () => parse(bytes)))
      if (text === undefined) throw malformed(name, new TypeError('The parser returned no JSON value.'))
      const value = Buffer.from(text)
      if (value.byteLength > options.limits.bytes) throw limitExceeded('bytes', options.limits)
      const profile = json.profile(value, options)
      return { ...profile, format: name, dialect: {} }
    },
  }
}

function parsed(name: string, parse: () => unknown): unknown {
  try {
    return parse()
  } catch (error) {
    throw isDrifthookError(error) ? error : malformed(name, error)
  }
}

const malformed = (name: string, cause: unknown) =>
  new DrifthookError('FILE_MALFORMED', `The file is not valid ${name}.`, { cause })
