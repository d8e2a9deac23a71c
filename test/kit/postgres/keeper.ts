// The process that keeps a run's PostgreSQL: it makes the server and an empty, migrated database to copy, says so in
// `ready.json`, and takes everything away when it is told to (SIGTERM) or the run is gone, however it ended.
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openDatabase, type PostgresConfig } from '@norrix/server/kernel/db/database'
import { migrations } from '@norrix/server/schema/migrations/index'
import { inPostgres } from './admin.ts'
import { controlCluster, startCluster } from './cluster.ts'
import type { Ready } from './run.ts'

const [folder = '', run = ''] = process.argv.slice(2)
const elsewhere = process.env['NORRIX_TEST_DATABASE_URL']

const files = join(folder, 'cluster')
let prefix = ''
let isEnding = false

async function begin(): Promise<Ready> {
  const cluster = elsewhere ? undefined : await startCluster(files)
  const owner = cluster?.owner ?? given(elsewhere ?? '')
  prefix = `norrix_test_${process.pid}_`
  const template = `${prefix}template`
  await inPostgres(owner, `create database ${template}`)
  const db = openDatabase({ ...owner, database: template })
  await db.migrate(migrations)
  await db.close()
  return { owner, remote: cluster?.remote ?? owner, template, prefix, keeper: process.pid }
}

async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  if (elsewhere) await dropAll(given(elsewhere))
  else await controlCluster(files, ['stop', '-m', 'immediate']).catch(() => undefined)
  await rm(folder, { recursive: true, force: true })
  process.exit(0)
}

async function dropAll(owner: PostgresConfig): Promise<void> {
  const like = `select datname from pg_database where starts_with(datname, '${prefix}')`
  for (const row of await inPostgres(owner, like)) {
    await inPostgres(owner, `drop database "${String(row['datname'])}" with (force)`)
  }
}

/** `NORRIX_TEST_DATABASE_URL`: the tests' own, so it may hold its password. */
function given(text: string): PostgresConfig {
  const url = new URL(text)
  return {
    kind: 'postgres',
    host: url.searchParams.get('host') ?? url.hostname,
    port: Number(url.port || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || 'postgres',
    user: decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    tls: false,
    connections: 4,
    statementMs: 60_000,
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function say(name: string, text: string): Promise<void> {
  await writeFile(join(folder, `${name}.draft`), text)
  await rename(join(folder, `${name}.draft`), join(folder, name))
}

process.on('SIGTERM', () => void end())
// A Ctrl-C reaches the whole group; the run ends in its own time, and this process after it.
process.on('SIGINT', () => undefined)
setInterval(() => {
  if (!isAlive(Number(run))) void end()
}, 500)
try {
  await say('ready.json', JSON.stringify(await begin()))
} catch (error) {
  await say('failed', error instanceof Error ? (error.stack ?? error.message) : String(error))
}
