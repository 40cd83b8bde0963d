/** What is wrong with a file itself, though it could be read: said, and counted nowhere. */
import type { Finding } from './profile.js'
import type { Observation } from './report.js'

const messages: Record<Finding['code'], string> = {
  'duplicate-key': 'the same key twice in one object',
  'duplicate-column': 'the same column name again',
  'short-record': 'records with fewer fields than columns',
  'long-record': 'records with more fields than columns',
  'stray-quote': 'quotes inside unquoted fields',
  preamble: 'lines before the header of the table',
  'mixed-content': 'text between elements',
  'interchange-width': 'an ISA segment that is not 106 characters wide',
  'control-number': 'a trailer with another control number than its header',
  'segment-count': 'SE01 is not the number of segments',
  'line-count': 'CTT01 is not the number of lines',
  'set-count': 'GE01 is not the number of transaction sets',
  'group-count': 'IEA01 is not the number of functional groups',
  'missing-trailer': 'a transaction set or functional group without its trailer',
  'trailing-data': 'something that is no interchange after the last one',
}

/** A finding of a format as the report shows it. */
export function integrity({ code, path, count, first }: Finding): Observation {
  return { kind: 'integrity', path, message: `${messages[code]} (${count} ×)`, witness: first }
}
