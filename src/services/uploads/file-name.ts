/** The name a sender gives a file: shown to people, and never used to open one. */

const maxCharacters = 255

/**
 * Controls, line separators, and format characters: what overrides the direction of the text or has no width.
 * The joiner inside an emoji stays: without it a family is three people.
 */
const invisible =
  /(?<=\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)(\u200d)(?=\p{Extended_Pictographic})|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * A file's name as it is recorded: without its folders, without what cannot be seen, and without the dots and
 * spaces at its end that Windows would drop.
 * @returns at most 255 characters of well-formed text; null if no name is left
 */
export function recordedName(name: string | null | undefined): string | null {
  const base = name?.split(/[/\\]/).at(-1) ?? ''
  const seen = wellFormed(base).replace(invisible, '$1').trimStart()
  const clean = [...seen]
    .slice(0, maxCharacters)
    .join('')
    .replace(/[\s.]+$/, '')
  return clean === '' ? null : clean
}

/** Half a surrogate pair is no character: it becomes U+FFFD, as on any way through UTF-8. */
const wellFormed = (text: string) => Buffer.from(text).toString()
