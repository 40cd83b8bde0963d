/** Tells the format of a file from its content. */
import { DrifthookError } from '../../errors.js'
import type { FormatName } from '../report.js'
import { builtInFormats, type Detection, type Format } from './registry.js'

export interface DetectedFormat extends Detection {
  format: FormatName
}

const headBytes = 64 * 1024
/** Below this a guess is not good enough to act on. */
const enough = 0.5
/** So sure of one file is no more than one of the built-in formats: each goes by how a file starts. */
const certain = 0.95

/**
 * Tells the format of a file from its first 64 KiB; names and media types are not asked.
 * @throws DrifthookError `FILE_EMPTY`, or `FORMAT_UNDECIDED` saying what was seen
 */
export function detectFormat(bytes: Uint8Array, formats: readonly Format[] = builtInFormats): DetectedFormat {
  const head = bytes.subarray(0, headBytes)
  if (isBlankFile(head)) throw new DrifthookError('FILE_EMPTY', 'The file holds nothing but white space.')
  const candidates = detections(head, formats)
  const [best, second] = candidates
  if (best && best.confidence >= enough && best.confidence > (second?.confidence ?? 0)) return best
  const seen = candidates.map(({ format, evidence }) => `${format}? ${evidence}`)
  throw new DrifthookError(
    'FORMAT_UNDECIDED',
    `The format could not be told (${seen.join('; ') || describe(head)}). Name the format.`,
  )
}

/** What each format thinks of the file, the surest first. Once a built-in one is certain, no other is asked. */
export function detections(head: Uint8Array, formats: readonly Format[]): DetectedFormat[] {
  const found: DetectedFormat[] = []
  let settled = false
  for (const format of formats) {
    const builtIn = builtInFormats.includes(format)
    const detection: Detection | null = settled && builtIn ? null : format.detect(head)
    if (detection === null) continue
    found.push({ format: format.name, ...detection })
    settled ||= builtIn && detection.confidence >= certain
  }
  return found.sort((a, b) => b.confidence - a.confidence)
}

function isBlankFile(head: Uint8Array): boolean {
  const first = head[0] ?? 0
  // A character of ASCII that shows.
  if (first > 0x20 && first < 0x7f) return false
  return head.length === 0 || /^[\s\ufeff]*$/.test(new TextDecoder().decode(head))
}

function describe(head: Uint8Array): string {
  if (head.includes(0)) return 'it holds NUL bytes, as binary files do'
  const first = new TextDecoder().decode(head.subarray(0, 256)).trimStart()
  if (first.startsWith('<')) return 'it starts like markup'
  return 'it looks like plain text'
}
