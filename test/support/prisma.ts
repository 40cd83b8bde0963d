/** A Prisma client without a generated one: its runtime, given by hand what `prisma generate` would write down. */
import { createRequire } from 'node:module'
import { PrismaPg } from '@prisma/adapter-pg'
import { getPrismaClient } from '@prisma/client/runtime/client'

const require = createRequire(import.meta.url)
const compiler = '@prisma/client/runtime/query_compiler_fast_bg.postgresql'

// The types of Node do not have it.
const { WebAssembly } = globalThis as unknown as { WebAssembly: { Module: new (code: Buffer) => unknown } }

type Config = Parameters<typeof getPrismaClient>[0]

const config = {
  previewFeatures: [],
  clientVersion: '7.10.0',
  engineVersion: 'none',
  activeProvider: 'postgresql',
  inlineSchema: `datasource db { provider = "postgresql" }
    generator client { provider = "prisma-client-js" }
    model Order { id Int @id }`,
  runtimeDataModel: { models: {}, enums: {}, types: {} },
  parameterizationSchema: { strings: [], graph: Buffer.alloc(64).toString('base64') },
  compilerWasm: {
    getRuntime: async () => require(`${compiler}.js`),
    getQueryCompilerWasmModule: async () =>
      new WebAssembly.Module(Buffer.from(require(`${compiler}.wasm-base64.js`).wasm, 'base64')),
    importName: './query_compiler_fast_bg.js',
  },
} as unknown as Config

const PrismaClient = getPrismaClient(config)

/** What a transaction of it has, of which we know. */
export interface PrismaTransactionClient {
  $queryRawUnsafe<Rows>(sql: string, ...values: unknown[]): Promise<Rows>
}

export interface PrismaClient extends PrismaTransactionClient {
  $connect(): Promise<void>
  $disconnect(): Promise<void>
  $transaction<Result>(
    work: (tx: PrismaTransactionClient) => Promise<Result>,
    options: {
      isolationLevel: 'ReadCommitted' | 'RepeatableRead' | 'Serializable'
      timeout?: number
      maxWait?: number
    },
  ): Promise<Result>
}

export function prismaClient(connectionString: string, max: number): PrismaClient {
  const adapter = new PrismaPg({ connectionString, max })
  return new PrismaClient({ adapter } as never) as unknown as PrismaClient
}
