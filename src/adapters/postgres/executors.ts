/**
 * The host's own transaction, as the library hands it out that the host uses. Each is a few lines around two or
 * three of its documented methods; none of these libraries is needed here.
 */
import { DrifthookError } from '../../errors.js'
import type { HostTransaction } from '../../ports/host-transaction.js'

type Rows = readonly object[]

const refused = (name: string, takes: string) =>
  new DrifthookError(
    'OPTION_INVALID',
    `${name}: takes ${takes}. Statements elsewhere would be in no transaction.`,
  )

/** A client of `pg`, or what behaves like one. */
export interface PgTransaction {
  query(text: string, values: string[]): Promise<{ rows: Rows }>
}

/**
 * @param client the client on which you have called `BEGIN`; not a pool, whose statements each go elsewhere
 * @throws DrifthookError `OPTION_INVALID`
 */
export function fromPg(client: PgTransaction): HostTransaction {
  const isPool = typeof (client as { totalCount?: unknown } | null)?.totalCount === 'number'
  if (typeof client?.query !== 'function' || isPool)
    throw refused('fromPg', 'the client that has called BEGIN')
  return { run: async (sql, values) => (await client.query(sql, [...values])).rows }
}

/** A transaction of Knex. */
export interface KnexTransaction {
  readonly isTransaction?: boolean
  raw(sql: string, bindings: readonly string[]): PromiseLike<{ rows: Rows }>
}

/**
 * @param trx what `knex.transaction()` gives
 * @throws DrifthookError `OPTION_INVALID`
 */
export function fromKnex(trx: KnexTransaction): HostTransaction {
  if (trx?.isTransaction !== true) throw refused('fromKnex', 'the transaction, not knex itself')
  return {
    run: async (sql, values) =>
      // A question mark of ours is none of its placeholders.
      (
        await trx.raw(
          pieces(sql)
            .map((piece) => piece.replaceAll('?', '\\?'))
            .join('?'),
          values,
        )
      ).rows,
  }
}

/** A transaction of Kysely. */
export interface KyselyTransaction {
  readonly isTransaction: boolean
  withoutPlugins(): { executeQuery(query: KyselyQuery): Promise<{ rows: Rows }> }
}

/** A `CompiledQuery` of Kysely. */
interface KyselyQuery {
  readonly sql: string
  readonly parameters: readonly unknown[]
  readonly query: {
    readonly kind: 'RawNode'
    readonly sqlFragments: readonly string[]
    readonly parameters: readonly never[]
  }
  readonly queryId: { readonly queryId: string }
}

/**
 * @param trx what `db.transaction()` or `db.startTransaction()` gives
 * @throws DrifthookError `OPTION_INVALID`
 */
export function fromKysely(trx: KyselyTransaction): HostTransaction {
  if (trx?.isTransaction !== true) throw refused('fromKysely', 'the transaction, not the database')
  const plain = trx.withoutPlugins()
  return {
    run: async (sql, values) => {
      const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] } as const
      return (await plain.executeQuery({ sql, parameters: values, query, queryId: { queryId: 'drifthook' } }))
        .rows
    },
  }
}

/** A transaction of Drizzle on PostgreSQL. */
export interface DrizzleTransaction<Sql> {
  execute(query: Sql): PromiseLike<unknown>
  rollback(): never
}

/**
 * @param tx what `db.transaction()` gives
 * @param sql the `sql` of `drizzle-orm`
 * @throws DrifthookError `OPTION_INVALID`
 */
export function fromDrizzle<Sql>(
  tx: DrizzleTransaction<Sql>,
  sql: (strings: TemplateStringsArray, ...values: unknown[]) => Sql,
): HostTransaction {
  if (typeof tx?.execute !== 'function' || typeof tx.rollback !== 'function') {
    throw refused('fromDrizzle', 'the transaction, not the database')
  }
  if (typeof sql !== 'function')
    throw refused('fromDrizzle', 'the `sql` of drizzle-orm as its second argument')
  return {
    run: async (text, values) => {
      const strings = pieces(text)
      const result = await tx.execute(sql(Object.assign(strings, { raw: strings }), ...values))
      // Its drivers answer with rows, or with a result that has them.
      return Array.isArray(result) ? result : (result as { rows: Rows }).rows
    },
  }
}

/** An interactive transaction of Prisma. */
export interface PrismaTransaction {
  $queryRawUnsafe(query: string, ...values: unknown[]): PromiseLike<unknown>
}

/**
 * @param tx what `prisma.$transaction(async (tx) => …)` gives
 * @throws DrifthookError `OPTION_INVALID`
 */
export function fromPrisma(tx: PrismaTransaction): HostTransaction {
  // The client itself can connect, a transaction cannot.
  const isClient = typeof (tx as { $connect?: unknown } | null)?.$connect === 'function'
  if (typeof tx?.$queryRawUnsafe !== 'function' || isClient) {
    throw refused('fromPrisma', 'the transaction, not the client')
  }
  return { run: async (sql, values) => (await tx.$queryRawUnsafe(sql, ...values)) as Rows }
}

/** A statement as it stands between its placeholders. What is quoted holds none: a schema may be called `a$1`. */
function pieces(sql: string): string[] {
  const found = [...sql.matchAll(/"(?:[^"]|"")*"|\$\d+/g)].filter(([text]) => text.startsWith('$'))
  let from = 0
  const before = found.map(({ index, 0: placeholder }) => {
    const piece = sql.slice(from, index)
    from = index + placeholder.length
    return piece
  })
  return [...before, sql.slice(from)]
}
