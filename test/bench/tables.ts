import { cli } from './cli.ts'
import { packageSize } from './package.ts'
import { queue } from './queue.ts'
import { requests } from './requests.ts'
import { start } from './start.ts'
import type { Table } from './table.ts'
import type { TableName } from './words.ts'

export const tables: Readonly<Record<TableName, Table>> = {
  cli,
  package: packageSize,
  requests,
  start,
  queue,
}
