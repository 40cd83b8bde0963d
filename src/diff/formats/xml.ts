/**
 * XML (1.0, with namespaces). Paths start with the root element: `order.@id`, `order.line[].qty`; a text is
 * `#text` only beside attributes or children. Names are local names, see `names.ts`; that an element repeats
 * shows by counting, see `elements.ts`. A DOCTYPE is refused, so no entity is ever expanded.
 */
import { DrifthookError } from '../../errors.js'
import { BuilderContext } from '../builder.js'
import { unpackPlace } from '../place.js'
import type { Profile } from '../profile.js'
import type { Detection, Format, ProfileOptions } from './registry.js'
import { decodeXml, textOf } from './xml-encoding.js'
import { XmlProfiler } from './xml-profiler.js'
import { readXml } from './xml-reader.js'

export const xml: Format = { name: 'xml', detect, profile }

/** XML shows itself by its declaration or by how its first tag goes. */
function detect(head: Uint8Array): Detection | null {
  const text = headText(head)
  if (/^<\?xml\s/.test(text)) return { confidence: 0.98, evidence: 'starts with an XML declaration' }
  const start = text.replace(/^\s*(<(\?[^>]*\?|!--(?:(?!--)[\s\S])*--)>\s*)*/, '')
  if (/^<(!doctype\s+)?html[\s>]/i.test(start)) return { confidence: 0.3, evidence: 'starts like HTML' }
  if (/^<!DOCTYPE\s/.test(start)) return { confidence: 0.8, evidence: 'starts with a document type' }
  if (/^<[\p{L}_][^\s<>/=]*(\s+[^\s<>/=]+\s*=\s*("[^"<]*"|'[^'<]*'))*\s*\/?>/u.test(start)) {
    return { confidence: 0.9, evidence: 'starts like an XML element' }
  }
  return start.startsWith('<') ? { confidence: 0.3, evidence: 'starts like markup' } : null
}

/** The first characters, whatever Unicode encoding they are in. */
function headText(head: Uint8Array): string {
  const [a, b] = head
  const wide = a === 0xff || (a === 60 && b === 0) ? 'utf-16le' : 'utf-16be'
  const isWide = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || a === 0 || b === 0
  return new TextDecoder(isWide ? wide : 'utf-8').decode(head.subarray(0, 8_192)).trimStart()
}

function profile(bytes: Uint8Array, options: ProfileOptions): Profile {
  const { bytes: text, encoding } = decodeXml(bytes)
  if (text.every(isSpace)) throw new DrifthookError('FILE_EMPTY', 'The file holds nothing but white space.')
  const profiler = new XmlProfiler(new BuilderContext(options.key, options.limits, unpackPlace))
  readXml(textOf(text), profiler, options.limits)
  return { format: 'xml', dialect: { encoding }, ...profiler.finish() }
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13)
}
