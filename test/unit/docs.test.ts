/** The documentation is true where a machine can tell: its code compiles, its links lead somewhere. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../../src/errors.js'
import { apiRoutes } from '../../src/http/routes/index.js'

const root = join(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'))
const read = (page: string) => readFileSync(join(root, page), 'utf8')
const scratch = join(root, 'test/.tmp/docs')

const blocks = pages.flatMap((page) =>
  [...read(page).matchAll(/^```(ts|js)\n(.*?)^```/gms)].map(([, , code = ''], n) => ({ page, n, code })),
)

describe('the documentation', () => {
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it('has code to check', () => expect(blocks.length).toBeGreaterThan(4))

  it('has code that compiles', { timeout: 120_000 }, () => {
    mkdirSync(scratch, { recursive: true })
    const files = blocks.map(({ page, n, code }) => {
      const file = join(scratch, `${page.replaceAll(/\W/g, '-')}-${n}.ts`)
      writeFileSync(file, `${code}\nexport {}\n`)
      return file
    })
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root)
    const program = ts.createProgram(files, { ...options, noEmit: true })
    const faults = ts.getPreEmitDiagnostics(program).map((fault) => {
      const text = ts.flattenDiagnosticMessageText(fault.messageText, ' ')
      return `${relative(scratch, fault.file?.fileName ?? '')}: ${text}`
    })
    expect(faults).toEqual([])
  })

  it('has links that lead somewhere', () => {
    const dead = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page} -> ${target}`),
    )
    expect(dead).toEqual([])
  })

  it('has an anchor for every error code, and for no other', () => {
    const anchors = [...read('docs/reference/errors.md').matchAll(/^### (\w+)$/gm)].map(([, code]) => code)
    expect(anchors.sort()).toEqual([...errorCodes].sort())
  })

  it('has no error code that nothing raises', () => {
    const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'errors.ts')
      .map((name) => read(`src/${name}`))
      .join('\n')
    expect(errorCodes.filter((code) => !source.includes(`'${code}'`))).toEqual([])
  })

  it('lists every management route, and no other', () => {
    const listed = [...read('docs/reference/http.md').matchAll(/^\| `([A-Z]+ \/[^`]+)` \|/gm)].map(
      ([, route]) => route,
    )
    expect(listed.sort()).toEqual(apiRoutes.map((route) => `${route.method} ${route.path}`).sort())
  })
})
