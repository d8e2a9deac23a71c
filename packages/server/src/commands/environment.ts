import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { newId } from '@norrix/contract/id'
import { readConfig, type EnvironmentConfig } from '../config.ts'
import { auditFeature, type Actor, type Audit } from '../features/audit/index.ts'
import { defaultData } from '../config/default-data.ts'
import { openDatabase, type Database, type DatabaseConfig } from '../kernel/db/database.ts'
import { pendingMigrations } from '../kernel/db/pending.ts'
import { unusable } from '../kernel/db/postgres-errors.ts'
import type { Effects } from '../kernel/effects.ts'
import { createLog } from '../kernel/log.ts'
import type { Tables } from '../schema/index.ts'
import { migrations } from '../schema/migrations/index.ts'
import { textOption, usage, type Call, type OperatorSurroundings } from './command.ts'

/** One environment as an operator's command sees it: its configuration and its database, a server serving or not. */
export interface Opened {
  readonly config: EnvironmentConfig
  readonly publicUrl: string
  readonly db: Database<Tables>
  readonly effects: Effects
  readonly audit: Audit
  /** Whoever has a shell on the host; for the audit. */
  readonly by: Operator
}

export interface Operator {
  readonly actor: Actor
  readonly origin: { readonly address: string; readonly requestId: string }
}

/**
 * Does something with the database of the environment that was named. It is opened beside a server that runs on it: the lock of
 * the data folder is for serving alone.
 *
 * @throws Fault config_file, usage, data_unusable when there is no database yet, or one of another version
 */
export async function withDatabase<T>(
  call: Call,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const config = environmentOf(call)
  requireDatabase(config)
  const db = openDatabase<Tables>(config.database)
  try {
    await requireUpToDate(db, config.database)
    const effects = effectsOf(call)
    const audit = auditFeature({ effects })
    return await work({
      config,
      publicUrl: urlOf(config),
      db,
      effects,
      audit,
      by: operator(effects),
    })
  } finally {
    await db.close()
  }
}

/** The configuration of the environment that `--env` names: prod where nothing does, or the only one. @throws Fault usage */
export function environmentOf(call: Call): EnvironmentConfig {
  const configs = environmentsOf(call)
  const named = textOption(call, 'env')
  if (named !== undefined && named !== 'prod' && named !== 'dev') {
    throw usage(`There is no environment ${named.slice(0, 40)}.`, 'use --env prod or --env dev')
  }
  const found =
    configs.find(({ kind }) => kind === (named ?? 'prod')) ?? (named ? undefined : configs[0])
  if (!found)
    throw usage(`The configuration has no environment ${named}.`, 'leave --env out, or add it')
  return found
}

/** Every environment of the configuration. @throws Fault config_file */
export function environmentsOf(call: Call): readonly EnvironmentConfig[] {
  const sources = sourcesOf(call)
  return readConfig({ ...sources, defaultData: defaultData(sources.env, call.root) })
}

/**
 * Where the configuration is looked for: `--config`, then NORRIX_SERVER_CONFIG, then this folder, then the clone, where
 * `npm start` looks too.
 */
export function sourcesOf(call: Call): { env: OperatorSurroundings['env']; folder: string } {
  const { env, cwd } = call.around
  const named = textOption(call, 'config') ?? env['NORRIX_SERVER_CONFIG']
  const folder = named || existsSync(join(cwd, 'norrix-server.json')) ? cwd : call.root
  return { env: named ? { ...env, NORRIX_SERVER_CONFIG: resolve(cwd, named) } : env, folder }
}

/** What people type. @throws Fault config_file when only the running server knows its port */
export function urlOf({ publicUrl, listen, kind }: EnvironmentConfig): string {
  if (publicUrl !== undefined) return publicUrl
  if (listen.port !== 0) return `http://localhost:${listen.port}`
  throw new Fault('config_file', {
    message: `The address of ${kind} is not in the configuration: it takes any free port.`,
    fix: `set environments.${kind}.publicUrl, or a port in listen`,
  })
}

export function effectsOf({ around }: Call): Effects {
  const log = createLog((line) => around.stderr.write(line), { level: 'warn' })
  return { now: () => around.now().getTime(), random: randomBytes, log }
}

/** Opening it would make an empty one. PostgreSQL has nothing to look for here. */
function requireDatabase({ database, kind }: EnvironmentConfig): void {
  if (database.kind !== 'sqlite' || existsSync(database.file)) return
  throw new Fault('data_unusable', {
    message: `There is no database ${database.file}: ${kind} has never been served from here.`,
    fix: 'norrix-server serve makes it; or name the right configuration with --config',
  })
}

async function requireUpToDate(db: Database<Tables>, config: DatabaseConfig): Promise<void> {
  const pending = await pendingMigrations(db.kysely, migrations).catch((error: unknown) => {
    throw unusable(config, error)
  })
  if (pending.length === 0) return
  throw new Fault('data_unusable', {
    message: `The database is of another version of Norrix: ${pending.join(', ')} not applied.`,
    fix: 'start this version of the server once: it brings the database up to date',
  })
}

/** Who sits at the host's shell, as far as the host knows. */
function operator({ random }: Effects): Operator {
  return {
    actor: { kind: 'operator', id: null, name: `${userName()}@${hostname()}` },
    origin: { address: 'host', requestId: newId('request', random) },
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A user id without an account.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

/** The configuration's file, whether it is there or not. */
export function configFileOf(call: Call): string {
  const { env, folder } = sourcesOf(call)
  return resolve(folder, env['NORRIX_SERVER_CONFIG'] || 'norrix-server.json')
}
