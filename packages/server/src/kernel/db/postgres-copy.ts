import { writeFile } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { sql, type Kysely, type Transaction } from 'kysely'
import type { Migration } from 'kysely/migration'
import { Fault } from '@norrix/contract/fault'
import type { PostgresConfig } from './engine.ts'
import { migrateToLatest } from './migrate.ts'
import { unusable } from './postgres-errors.ts'
import { openPostgres } from './postgres.ts'

/**
 * A copy of a PostgreSQL database is its rows: a line for each, `["table", {"column": value}]`, parents before those that refer to
 * them. Tables and indexes are the migrations' to make. PostgreSQL itself writes the rows and reads them again, so that no value
 * is ever one of JavaScript's.
 */

/** How many rows one FETCH brings; a piece of a build's log may be some 100 kB. */
const rowsAtOnce = 200
/** How much goes into one INSERT. */
const charactersAtOnce = 2 ** 20

/**
 * Copies the database as it is at one moment into a new file, whoever writes to it meanwhile; the copy is durable.
 *
 * @param look reads what else is to be known of that moment
 */
export async function copyPostgres<Tables, T>(
  config: PostgresConfig,
  file: string,
  look: (tx: Transaction<Tables>) => Promise<T>,
): Promise<T> {
  return onOneConnection<Tables, T>(config, (db) =>
    db
      .transaction()
      .setIsolationLevel('repeatable read')
      .setAccessMode('read only')
      .execute(async (tx) => {
        await writeFile(file, rowsOf(tx), { mode: 0o600, flag: 'wx', flush: true })
        return look(tx)
      }),
  )
}

/** Whether the database holds any table, of Norrix or not. */
export async function isFilled(config: PostgresConfig): Promise<boolean> {
  return onOneConnection(config, async (db) => (await tablesIn(db)).length > 0)
}

/**
 * Makes a copy the content of an empty database, in one transaction.
 *
 * @param migrations those that the copied database had seen
 * @throws Fault conflict when there is a table already, database_unusable when it cannot be done; nothing is changed then
 */
export async function fillPostgres(
  config: PostgresConfig,
  copy: AsyncIterable<Buffer>,
  migrations: Readonly<Record<string, Migration>>,
): Promise<void> {
  const fill = (db: Kysely<unknown>) =>
    db.transaction().execute(async (tx) => {
      if ((await tablesIn(tx)).length > 0) throw notEmpty(config)
      await migrateToLatest(tx, migrations)
      for await (const { table, lines } of batchesOf(copy)) await insert(tx, table, lines)
    })
  await onOneConnection(config, fill).catch((error: unknown) => {
    throw error instanceof Fault ? error : notFilled(config, error)
  })
}

/** Without a limit for a statement: a large table takes long. @throws Fault database_unusable */
async function onOneConnection<Tables, T>(
  config: PostgresConfig,
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const db = openPostgres<Tables>({ ...config, connections: 1, statementMs: 0 }, undefined)
  try {
    return await work(db.kysely)
  } catch (error) {
    throw unusable(config, error)
  } finally {
    await db.close()
  }
}

async function* rowsOf<Tables>(tx: Transaction<Tables>): AsyncGenerator<string> {
  const tables = await tablesIn(tx)
  for (const table of parentsFirst(tables.filter(({ name }) => !isOfMigrator(name)))) {
    const row = sql`json_build_array(${sql.lit(table)}::text, each_row)::text`
    await sql`declare copied no scroll cursor for
      select ${row} as line from ${sql.table(table)} each_row`.execute(tx)
    for (;;) {
      const { rows } = await sql<{
        line: string
      }>`fetch ${sql.lit(rowsAtOnce)} from copied`.execute(tx)
      if (rows.length === 0) break
      yield rows.map(({ line }) => `${line}\n`).join('')
    }
    await sql`close copied`.execute(tx)
  }
}

interface Table {
  readonly name: string
  /** The tables that its rows refer to. */
  readonly parents: readonly string[]
}

async function tablesIn<Tables>(db: Kysely<Tables>): Promise<readonly Table[]> {
  const { rows } = await sql<Table>`
    select c.relname::text as name,
      array(select distinct p.relname::text from pg_constraint k join pg_class p on p.oid = k.confrelid
        where k.conrelid = c.oid and k.contype = 'f' and p.oid <> c.oid) as parents
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p') order by c.relname`.execute(db)
  return rows
}

/** What Kysely's migrator keeps for itself; the migrations write it anew. */
function isOfMigrator(table: string): boolean {
  return table === 'kysely_migration' || table === 'kysely_migration_lock'
}

/** @throws Error when tables refer to each other in a circle: no migration makes such ones */
function parentsFirst(tables: readonly Table[]): readonly string[] {
  const ordered = new Set<string>()
  while (ordered.size < tables.length) {
    const ready = tables.filter(
      ({ name, parents }) => !ordered.has(name) && parents.every((parent) => ordered.has(parent)),
    )
    if (ready.length === 0) throw new Error('Tables refer to each other in a circle.')
    for (const { name } of ready) ordered.add(name)
  }
  return [...ordered]
}

interface Batch {
  readonly table: string
  readonly lines: readonly string[]
}

/** Lines that go into the same table, together. */
async function* batchesOf(copy: AsyncIterable<Buffer>): AsyncGenerator<Batch> {
  let lines: string[] = []
  let table = ''
  let characters = 0
  for await (const line of linesOf(copy)) {
    const of = tableOf(line)
    if (lines.length > 0 && (of !== table || characters >= charactersAtOnce)) {
      yield { table, lines }
      lines = []
      characters = 0
    }
    table = of
    lines.push(line)
    characters += line.length
  }
  if (lines.length > 0) yield { table, lines }
}

/** Split at line feeds alone: readline also splits at U+2028, which JSON leaves as it is. */
async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of bytes) {
    const parts = (rest + decoder.write(chunk)).split('\n')
    rest = parts.pop() ?? ''
    yield* parts
  }
  if (rest !== '') throw new Error('The last line has no end.')
}

function tableOf(line: string): string {
  const [, table] = /^\["(\w+)", \{/.exec(line) ?? []
  if (table === undefined) throw new Error('A line is no row of a table.')
  return table
}

async function insert(tx: Kysely<unknown>, table: string, lines: readonly string[]): Promise<void> {
  const target = sql.table(table)
  await sql`insert into ${target} select filled.* from unnest(${[...lines]}::text[]) line,
    json_populate_record(null::${target}, line::json -> 1) filled`.execute(tx)
}

function notEmpty({ database }: PostgresConfig): Fault {
  return new Fault('conflict', {
    message: `The database ${database} is not empty.`,
    fix: 'make a new one and name it in `database`, or drop this one and create it anew',
  })
}

function notFilled({ database, host, port }: PostgresConfig, cause: unknown): Fault {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new Fault('database_unusable', {
    message: `The backup could not be put into the database ${database} at ${host}:${port}: ${why}. Nothing of it is in there.`,
    fix: 'mend that, then restore once more',
    cause,
  })
}
