/** The content type a sender declares for a file. */
import { DrifthookError } from '../../errors.js'

/** The form of a media type (RFC 6838 §4.2). What has another form says nothing. */
const wellFormed = /^[a-z0-9][\w.!#$&^+-]{0,126}\/[a-z0-9][\w.!#$&^+-]{0,126}$/

/**
 * Types that no data file has. `application/vnd.ms-excel` is none of them: it is what Windows calls CSV. Nor is
 * `application/octet-stream`, which says that nothing is known.
 */
const refused = new RegExp(
  [
    '^(image|audio|video|font|model)/',
    '^application/(pdf|rtf|postscript|msword|vnd\\.ms-(powerpoint|cab-compressed|word.*|excel\\..*))$',
    '^application/vnd\\.(openxmlformats-officedocument|oasis\\.opendocument)\\.',
    '^application/(x-)?(zip|zip-compressed|gzip|gzip-compressed|bzip2?|xz|lzma|lz4|zstd|compress|compressed)$',
    '^application/(x-)?(tar|gtar|cpio|rar|rar-compressed|7z-compressed|vnd\\.rar|java-archive|iso9660-image)$',
    '^application/(x-)?(rpm|debian-package|apple-diskimage|msi|ms-installer|vnd\\.android\\.package-archive)$',
    '^application/(x-)?(executable|elf|sharedlib|mach-binary|dosexec|msdownload|msdos-program|wasm|sh|csh)$',
    '^application/(vnd\\.microsoft\\.portable-executable|x-shellscript|x-bat|x-httpd-php|java-vm)$',
    '^application/(x-|vnd\\.)?(sqlite3|apache\\.parquet|apache\\.arrow\\.(file|stream))$',
    '^text/(x-sh|x-shellscript|x-php)$',
  ].join('|'),
)

/** The formats a type names. Types that may stand for several, such as `text/plain`, are not here. */
const named: readonly { formats: readonly string[]; types: RegExp }[] = [
  {
    formats: ['json'],
    types: /^(application|text)\/(x-)?(json|ndjson|jsonl|jsonlines|json-lines|json-seq)$|\+json(-seq)?$/,
  },
  { formats: ['xml'], types: /^(application|text)\/xml$|\+xml$/ },
  { formats: ['csv'], types: /^(application|text)\/(x-)?(csv|comma-separated-values)$/ },
  // A key and a value on each line can be parted by a tab.
  { formats: ['csv', 'key-value'], types: /^text\/(x-)?(tab-separated-values|tsv)$/ },
  { formats: ['x12'], types: /^application\/edi-x12$/ },
  { formats: ['key-value'], types: /^(application|text)\/(x-)?(java-properties|properties|ini)$/ },
]

const builtIn = new Set(named.flatMap(({ formats }) => formats))

/**
 * Refuses a file for its declared type alone: one that no data file has, or the type of another format than the
 * contract's. Most types say little, and the content decides.
 * @param contentType as the sender wrote it, with its parameters; null if not at all
 * @param format the contract's; null, or a format of the host's own, may be of any type
 * @throws DrifthookError `FILE_TYPE_REFUSED`
 */
export function refuseType(contentType: string | null, format: string | null): void {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!wellFormed.test(type)) return
  if (refused.test(type)) {
    throw new DrifthookError(
      'FILE_TYPE_REFUSED',
      `Files of type ${type} are not data. Send JSON, XML, CSV, EDI X12 or key-value.`,
    )
  }
  const formats = named.find(({ types }) => types.test(type))?.formats
  if (formats === undefined || format === null || !builtIn.has(format) || formats.includes(format)) return
  throw new DrifthookError(
    'FILE_TYPE_REFUSED',
    `The file is declared as ${type}, and the contract is for ${format}. Send ${format}, or correct the type.`,
  )
}
