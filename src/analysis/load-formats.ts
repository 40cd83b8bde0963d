import { builtInFormats, type Format } from '../diff/index.js'
import { DrifthookError } from '../errors.js'

/**
 * The built-in formats and the host's own. Modules are named, not handed over, because worker threads have to
 * load them too; Node loads each once per thread.
 * @param modules URLs, absolute paths or package names; each module's default export is a `defineFormat(…)`
 * @throws DrifthookError `OPTION_INVALID` naming the module
 */
export async function loadFormats(modules: readonly string[]): Promise<readonly Format[]> {
  const own = await Promise.all(modules.map(load))
  const names = new Set(builtInFormats.map(({ name }) => name))
  for (const [n, { name }] of own.entries()) {
    if (names.has(name)) throw invalid(n, `there is a format of the name ${name} already`)
    names.add(name)
  }
  return [...own, ...builtInFormats]
}

async function load(module: string, n: number): Promise<Format> {
  const loaded = await import(module).catch((cause: unknown) => {
    throw invalid(n, `${module} could not be loaded: ${cause instanceof Error ? cause.message : cause}`)
  })
  // A CommonJS module's default export is what it exports, which may have a default of its own.
  const format = loaded.default?.default ?? loaded.default
  const isFormat = typeof format?.name === 'string' && typeof format.detect === 'function'
  if (isFormat && typeof format.profile === 'function') return format
  throw invalid(n, `the default export of ${module} is not a defineFormat(…)`)
}

const invalid = (n: number, message: string) =>
  new DrifthookError('OPTION_INVALID', `createDrifthook: formats[${n}]: ${message}`, {
    errors: [{ path: `formats[${n}]`, code: 'invalid', message }],
  })
