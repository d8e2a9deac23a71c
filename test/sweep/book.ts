export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>
export type Contents = ReadonlyMap<string, readonly Row[]>

/** A database behind its server's back. Tables are found in the database itself, so a new one is watched without being named. */
export interface Book {
  /** Runs one statement; values stand for `?`. */
  run(sql: string, ...values: Value[]): Promise<void>
  /** Another number whenever others may have written; reading every table at each request would be most of the sweep's time. */
  version(): Promise<number>
  /** Every table of ours. */
  read(): Promise<Contents>
  /** Puts these rows in the place of what the tables hold. */
  write(contents: Contents): Promise<void>
  close(): Promise<void>
}

/** `insert into table (a, b) values (?, ?)` for a row. */
export function insertion(table: string, row: Row): string {
  const names = Object.keys(row)
  return `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`
}
