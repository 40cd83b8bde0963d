/** What a file is that is no data, told by its first bytes. */
export interface Signature {
  /** With its article, to stand after "The file is". */
  name: string
  code: 'FILE_ARCHIVE' | 'FILE_EXECUTABLE' | 'FILE_SUSPICIOUS'
}

/** So many bytes are enough for all of {@link signatures}: the mark of a tar archive stands at byte 257. */
export const signatureBytes = 512

/** @param head the first bytes of the file, at most {@link signatureBytes} of them matter */
export function signatureOf(head: Uint8Array): Signature | null {
  const digits = Buffer.from(head.subarray(0, signatureBytes)).toString('hex')
  return signatures.find(({ starts }) => starts.test(digits)) ?? null
}

const all = (code: Signature['code'], names: Record<string, RegExp>) =>
  Object.entries(names).map(([name, starts]) => ({ name, code, starts }))

/**
 * In hexadecimal digits, two for each byte. Where a mark is made of letters alone (`MZ`, `BM`, `ID3`, `PAR1`) a
 * text may well start with it, so more is asked for that no text has.
 */
const signatures: readonly (Signature & { starts: RegExp })[] = [
  ...all('FILE_ARCHIVE', {
    'a ZIP archive, as .xlsx and .docx files are too': /^504b(0304|0506|0708|3030504b0304)/,
    'compressed with gzip': /^1f8b/,
    'compressed with bzip2': /^425a683[1-9](314159265359|177245385090)/,
    'compressed with xz': /^fd377a585a00/,
    'compressed with lzma': /^5d0000/,
    'compressed with lzip': /^4c5a495001/,
    'compressed with lzop': /^894c5a4f000d0a1a0a/,
    'compressed with lz4': /^(04224d18|02214c18)/,
    'compressed with Zstandard': /^(28b52ffd|5[0-9a-f]2a4d18)/,
    'compressed with Snappy': /^ff060000734e61507059/,
    'compressed with compress': /^1f(9d|a0)/,
    'a 7z archive': /^377abcaf271c/,
    'a RAR archive': /^526172211a07/,
    'a tar archive': /^(..){257}7573746172(00|20)/,
    'a cpio archive': /^30373037303[12](3[0-9]|[46][1-6]){104}/,
    'a cabinet archive': /^4d53434600000000/,
    'an LHA archive': /^(..){2}2d6c[68][0-9a-f][0-9a-f]{2}2d/,
    'an ar archive': /^213c617263683e0a/,
    'an RPM package': /^edabeedb/,
  }),
  ...all('FILE_EXECUTABLE', {
    'a Linux program': /^7f454c46/,
    // The old header that all of them start with has a zero somewhere.
    'a Windows program': /^4d5a(..){0,61}?00/,
    'a macOS program': /^(feedfac[ef]|c[ef]faedfe|cafebabf|cafebabe000000[01])/,
    'a Java class': /^cafebabe(..){2}00[2-9a-f]/,
    'a WebAssembly module': /^0061736d/,
    'an Android program': /^6465780a3[0-9]3[0-9]3[0-9]00/,
    'a Lua program': /^1b4c7561/,
    'a Windows shortcut': /^4c0000000114020000/,
    // "#!", white space, and a path.
    'a script': /^2321((20|09)*)2f/,
    'a PHP script': /^3c3f(70|50)(68|48)(70|50)(20|09|0a|0d)/,
  }),
  ...all('FILE_SUSPICIOUS', {
    'an Office document of the old kind (.xls, .doc) or an installer': /^d0cf11e0a1b11ae1/,
    'a PDF document': /^255044462d/,
    'an RTF document': /^7b5c727466/,
    'a PostScript document': /^252150532d/,
    'a PNG image': /^89504e470d0a1a0a/,
    'a JPEG image': /^ffd8ff/,
    'a GIF image': /^474946383[79]61/,
    'a TIFF image': /^(49492a00|4d4d002a)/,
    'a BMP image': /^424d(..){4}00000000/,
    'an icon': /^0000010000|^00000100[0-9a-f]{2}00/,
    'a Photoshop image': /^38425053000[12]/,
    'a WebP image': /^52494646(..){4}57454250/,
    'an audio file': /^(4944330[234]00|4f67675300|664c61430000|52494646(..){4}57415645)/,
    'a video': /^(000000..66747970|1a45dfa3|52494646(..){4}41564920)/,
    'an SQLite database': /^53514c69746520666f726d6174203300/,
    'an Access database': /^000100005374616e64617264/,
    'a Parquet file': /^5041523115/,
    'an Avro file': /^4f626a01/,
    'an Arrow file': /^4152524f57310000/,
    'an HDF5 file': /^894844460d0a1a0a/,
    'text in UTF-32': /^(fffe0000|0000feff)/,
  }),
]
