import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { agoText } from '@norrix/cli/io/words'
import { Fault } from '@norrix/contract/fault'
import type { EnvironmentConfig } from '../../config.ts'
import { newestEvent } from '../../features/audit/index.ts'
import { isClaimed } from '../../features/identity/index.ts'
import { newestServerRunner } from '../../features/runners/index.ts'
import { sqliteFaults } from '../../kernel/db/sqlite-copy.ts'
import { openDatabase, type Database, type DatabaseConfig } from '../../kernel/db/database.ts'
import { pendingMigrations } from '../../kernel/db/pending.ts'
import { unusable } from '../../kernel/db/postgres-errors.ts'
import { secretDigests, unlikeDigests } from '../../kernel/shared-secrets.ts'
import type { Tables } from '../../schema/index.ts'
import { migrations } from '../../schema/migrations/index.ts'
import { fine, reasonOf, warning, wrong, type Finding } from './finding.ts'

/** Sound, of this version, and what it says of owner, clock and isolation. PostgreSQL looks after its own files. */
export async function checkDatabase(
  config: EnvironmentConfig,
  now: Date,
): Promise<readonly Finding[]> {
  const { database } = config
  const file = database.kind === 'sqlite' ? database.file : undefined
  if (file !== undefined && !existsSync(file))
    return [fine('database', `${file} is not there yet: the first start makes it.`)]
  const engine = file === undefined ? undefined : checkEngine(file)
  if (engine?.verdict === 'wrong') return [engine]
  const db = openDatabase<Tables>(config.database)
  try {
    const version = await checkVersion(db, database)
    if (version.text !== '' && version.verdict !== 'fine')
      return [...(engine ? [engine] : []), version]
    return [
      ...(engine ? [engine] : []),
      version,
      ...(await checkSharedSecrets(db, config)),
      await checkOwner(db),
      await checkClock(db, now),
      await checkIsolation(db, config, now),
    ]
  } finally {
    await db.close()
  }
}

function checkEngine(file: string): Finding {
  const faults = sqliteFaults(file)
  if (faults.length === 0) return fine('database', `${file} is sound.`)
  return wrong(
    'database',
    `${file} is damaged: ${faults.join('; ')}.`,
    'stop the server, keep a copy of the file, and restore a backup',
  )
}

async function checkVersion(db: Database<Tables>, config: DatabaseConfig): Promise<Finding> {
  try {
    const pending = await pendingMigrations(db.kysely, migrations)
    if (pending.length === 0) return fine('version', 'The database is of this version.')
    return warning(
      'version',
      `Not applied yet: ${pending.join(', ')}.`,
      'the next start applies them; make a backup first',
    )
  } catch (error) {
    const fault = unusable(config, error)
    if (fault instanceof Fault) return wrong('database', fault.message, fault.fix ?? '')
    return wrong(
      'version',
      `The database cannot be read: ${reasonOf(error)}.`,
      'run the version of Norrix that wrote it, or a newer one',
    )
  }
}

/** Only where several servers may have copies of them. */
async function checkSharedSecrets(
  db: Database<Tables>,
  { database, secretsFolder }: EnvironmentConfig,
): Promise<Finding[]> {
  if (database.kind === 'sqlite') return []
  const unlike = unlikeDigests(await secretDigests(db.kysely), (name) => {
    const file = join(secretsFolder, name)
    return existsSync(file) ? readFileSync(file) : undefined
  })
  if (unlike.length === 0) return [fine('secrets', 'Those that the servers on this database have.')]
  return unlike.map((name) =>
    wrong(
      'secrets',
      `${join(secretsFolder, name)} is not the one that the servers on this database have.`,
      'copy the folder `secrets.folder` from the server whose keys were rotated last, or from a backup',
    ),
  )
}

async function checkOwner(db: Database<Tables>): Promise<Finding> {
  if (await isClaimed(db.kysely)) return fine('owner', 'The server has an owner.')
  return warning('owner', 'Nobody owns the server yet.', 'norrix-server owner-link')
}

/** What was written last is not later than now. Sessions, keys and leases live by the clock. */
async function checkClock(db: Database<Tables>, now: Date): Promise<Finding> {
  const last = await newestEvent(db.kysely)
  const ahead = last === undefined ? 0 : last - now.getTime()
  if (ahead < 60_000)
    return fine('clock', `${now.toISOString()}, no earlier than what was written last.`)
  return wrong(
    'clock',
    `It is ${now.toISOString()} here, and something was written at ${new Date(last ?? 0).toISOString()}.`,
    'set the clock, by NTP for instance: sessions, keys and leases live by it',
  )
}

async function checkIsolation(
  db: Database<Tables>,
  config: EnvironmentConfig,
  now: Date,
): Promise<Finding> {
  if (!config.runner) return fine('runner', 'None beside this server.')
  const runner = await newestServerRunner(db.kysely)
  if (!runner?.isolation || runner.last_seen_at === null) {
    return fine('runner', 'Not started yet: it measures its isolation when it is.')
  }
  const seen = agoText(new Date(runner.last_seen_at), now)
  const text = `Isolation ${runner.isolation} when it was last seen, ${seen}.`
  if (runner.isolation !== 'none') return fine('runner', text)
  return warning(
    'runner',
    `${text} A build can read what the server's user can.`,
    'install bubblewrap, or run the server as root',
  )
}
