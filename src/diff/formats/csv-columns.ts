/** What the columns of a table are called. */

/** As given; `column3` for one without a name, `name#2` for a repeated one. */
export function columnNames(given: readonly string[]): string[] {
  const taken = new Set<string>()
  return given.map((title, i) => {
    const name = title.trim() === '' ? `column${i + 1}` : title
    let unique = name
    for (let n = 2; taken.has(unique); n++) unique = `${name}#${n}`
    taken.add(unique)
    return unique
  })
}
