/** The ways a TypeScript host may be set up. Each becomes a tsconfig beside `consumers/types`. */

const strict = {
  strict: true,
  noEmit: true,
  target: 'es2022',
  types: ['node'],
  esModuleInterop: true,
}
/** Our own declaration files are checked too, with the flags that reject the most. */
const strictest = {
  ...strict,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
}

const node16 = { module: 'node16', moduleResolution: 'node16' }
const bundler = { module: 'esnext', moduleResolution: 'bundler' }

/** @type {{ name: string, installation: string, config: object }[]} */
export const typeChecks = [
  {
    name: 'types-node16',
    installation: 'express5',
    config: {
      compilerOptions: { ...strict, ...node16, skipLibCheck: true },
      files: ['host.mts', 'host.cts', 'pure.mts', 'pure.cts'],
    },
  },
  {
    name: 'types-bundler',
    installation: 'express5',
    config: {
      compilerOptions: { ...strict, ...bundler, skipLibCheck: true },
      files: ['host.mts', 'pure.mts'],
    },
  },
  {
    name: 'types-strictest',
    installation: 'express5',
    config: {
      compilerOptions: { ...strictest, ...node16 },
      files: ['host.mts', 'host.cts', 'pure.mts', 'pure.cts'],
    },
  },
  {
    name: 'types-no-express',
    installation: 'no-express',
    config: { compilerOptions: { ...strictest, ...node16 }, files: ['pure.mts', 'pure.cts'] },
  },
]
