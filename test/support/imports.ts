/** Reads the imports of source files and says which go the wrong way. The rules are the caller's. */
import { isBuiltin } from 'node:module'
import { posix } from 'node:path'
import ts from 'typescript'

export type Sources = Record<string, string>

interface Import {
  /** The importing file, from `src`. */
  from: string
  /** As written; null if it is computed. */
  specifier: string | null
  typeOnly: boolean
}

/** Places are files, or folders with a `/` at the end, from `src`. */
export interface Rules {
  /**
   * What each room may import: places, or with `type ` in front only types of them. The longest name that
   * fits a file is its room. A room's own files are always open to it.
   */
  rooms: Record<string, readonly string[]>
  /** Where each package may be imported. */
  packages: Record<string, readonly string[]>
  /** Bytes in, values out: no files, no network, no threads. */
  pure: readonly string[]
  /** Where a module may be loaded by a name that is computed. */
  computed: readonly string[]
}

const impure =
  /^node:(fs|net|tls|dns|dgram|http|https|http2|child_process|worker_threads|cluster|process)(\/|$)/

/** Every import of a file, whatever its form. */
export function importsOf(from: string, text: string): Import[] {
  const found: Import[] = []
  const add = (node: ts.Node | undefined, typeOnly: boolean) =>
    found.push({ from, specifier: node && ts.isStringLiteralLike(node) ? node.text : null, typeOnly })
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause ? onlyTypes(node.importClause) : false)
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      const named =
        node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : []
      add(
        node.moduleSpecifier,
        node.isTypeOnly || (named.length > 0 && named.every((name) => name.isTypeOnly)),
      )
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true)
    } else if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly)
    } else if (ts.isCallExpression(node) && isLoad(node.expression)) {
      add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(from, text, ts.ScriptTarget.Latest, true))
  return found
}

/** `import(…)`, `require(…)`. */
const isLoad = (callee: ts.Expression) =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')

function onlyTypes(clause: ts.ImportClause): boolean {
  if (clause.isTypeOnly) return true
  const names = clause.namedBindings
  if (clause.name || !names || !ts.isNamedImports(names)) return false
  return names.elements.length > 0 && names.elements.every((name) => name.isTypeOnly)
}

const fits = (file: string, place: string) => (place.endsWith('/') ? file.startsWith(place) : file === place)
const fitsAny = (file: string, places: readonly string[]) => places.some((place) => fits(file, place))

/** `./x.js` from `a/b.ts` is `a/x.ts`. */
const target = (from: string, specifier: string) =>
  posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, '.ts')

export const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

function roomOf(file: string, rooms: Rules['rooms']): string | undefined {
  return Object.keys(rooms)
    .filter((room) => fits(file, room))
    .sort((a, b) => b.length - a.length)[0]
}

/** What is wrong with one import, or null. */
function fault(
  { from, specifier, typeOnly }: Import,
  sources: Sources,
  { rooms, packages, pure, computed }: Rules,
): string | null {
  const room = roomOf(from, rooms)
  if (room === undefined) return 'belongs to no room: give it one in this test'
  if (specifier === null) return fitsAny(from, computed) ? null : 'loads a computed module'
  if (specifier.startsWith('.')) {
    const file = target(from, specifier)
    if (!(file in sources)) return `imports ${specifier}, which is not there`
    if (fits(file, room)) return null
    const open = rooms[room] ?? []
    if (fitsAny(file, open)) return null
    const types = open.filter((place) => place.startsWith('type ')).map((place) => place.slice(5))
    if (fitsAny(file, types)) return typeOnly ? null : `may import only types of ${file}`
    return `may not import ${file}`
  }
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `imports ${specifier} without node:`
    return fitsAny(from, pure) && impure.test(specifier) ? `is pure and imports ${specifier}` : null
  }
  // Its own public entry, by self-reference: the worker threads' file.
  if (packageOf(specifier) === 'drifthook')
    return fits(from, 'analysis/') ? null : `may not import ${specifier}`
  const users = packages[packageOf(specifier)]
  if (users === undefined) return `imports ${specifier}, which this test does not know`
  return fitsAny(from, users) ? null : `may not import ${specifier}`
}

export function faults(sources: Sources, rules: Rules): string[] {
  const found: string[] = []
  for (const [file, text] of Object.entries(sources)) {
    for (const each of importsOf(file, text)) {
      const wrong = fault(each, sources, rules)
      if (wrong !== null) found.push(`src/${file} ${wrong}`)
    }
  }
  return found
}

/** Every file that is loaded when `entry` is. */
export function loadedBy(entry: string, sources: Sources): Set<string> {
  const seen = new Set<string>()
  const packagesSeen = new Set<string>()
  const follow = (file: string) => {
    if (seen.has(file) || sources[file] === undefined) return
    seen.add(file)
    for (const { specifier, typeOnly } of importsOf(file, sources[file])) {
      if (specifier === null || typeOnly) continue
      if (specifier.startsWith('.')) follow(target(file, specifier))
      else packagesSeen.add(packageOf(specifier))
    }
  }
  follow(entry)
  return packagesSeen
}
