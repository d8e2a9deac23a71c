import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { EnvironmentFile } from '../config.shapes.ts'
import type { DatabaseConfig, PostgresConfig } from '../kernel/db/database.ts'

/** Where the database is, from the file's own words. */

const defaultConnections = 10
const defaultStatementSeconds = 10

interface Resolving {
  readonly folder: string
  readonly dataFolder: string
  readonly faults: { push(text: string): void }
}

type PostgresFile = Extract<NonNullable<EnvironmentFile['database']>, { kind: 'postgres' }>

export function resolveDatabase(
  { database, secrets, blobs }: EnvironmentFile,
  resolving: Resolving,
): DatabaseConfig {
  if (database?.kind === 'postgres') {
    const why = 'has to be named with PostgreSQL: every server has its own copy of the same secrets'
    if (!secrets) resolving.faults.push(`secrets.folder: ${why}`)
    if (!blobs?.folder) {
      resolving.faults.push('blobs.folder: has to be named with PostgreSQL: all servers share it')
    }
    return resolvePostgres(database, resolving)
  }
  if (secrets) {
    resolving.faults.push('secrets: is for PostgreSQL; with SQLite secrets lie in the data folder')
  }
  return { kind: 'sqlite', file: resolve(resolving.dataFolder, database?.file ?? 'norrix.db') }
}

export function isSameDatabase(one: DatabaseConfig, other: DatabaseConfig): boolean {
  if (one.kind === 'sqlite') return other.kind === 'sqlite' && one.file === other.file
  if (other.kind === 'sqlite') return false
  return one.host === other.host && one.port === other.port && one.database === other.database
}

function resolvePostgres(file: PostgresFile, resolving: Resolving): PostgresConfig {
  const fault = (text: string) => resolving.faults.push(`database.${text}`)
  const read = (field: 'urlFile' | 'passwordFile' | 'caFile'): string | undefined => {
    const name = file[field]
    if (name === undefined) return undefined
    try {
      const text = readFileSync(resolve(resolving.folder, name), 'utf8').trim()
      if (text === '') fault(`${field}: ${name} is empty`)
      return text
    } catch {
      fault(`${field}: ${name} cannot be read`)
      return undefined
    }
  }
  const field = file.url === undefined ? 'urlFile' : 'url'
  if ((file.url === undefined) === (file.urlFile === undefined)) {
    fault('url: give either `url`, without a password, or `urlFile`')
  }
  const place = readUrl(file.url ?? read('urlFile') ?? '', (text) => {
    if (file[field] !== undefined) fault(`${field}: ${text}`)
  })
  if (field === 'url' && place.password !== undefined) {
    fault('url: holds a password; put it into a file and name that as `passwordFile`')
  }
  const ca = read('caFile')
  return {
    kind: 'postgres',
    host: place.host,
    port: place.port,
    database: place.database,
    user: place.user,
    password: read('passwordFile') ?? place.password,
    tls: place.isPlain ? false : { ca },
    connections: file.connections ?? defaultConnections,
    statementMs: (file.statementSeconds ?? defaultStatementSeconds) * 1000,
  }
}

interface Place {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string | undefined
  /** Without TLS: on this machine, or where `sslmode=disable` says so. */
  readonly isPlain: boolean
}

const nowhere: Place = {
  host: '',
  port: 0,
  database: '',
  user: '',
  password: undefined,
  isPlain: true,
}

/**
 * Reads `postgres://user@host:port/database?sslmode=…`, or `postgres:///database?host=/folder/of/the/socket&user=…`.
 * What is wrong is said without quoting it: it may hold a password.
 */
function readUrl(text: string, fault: (text: string) => void): Place {
  if (!/^postgres(?:ql)?:/.test(text) || !URL.canParse(text)) {
    fault('must have the form postgres://user@host/database')
    return nowhere
  }
  const url = new URL(text)
  const { searchParams: query } = url
  for (const name of query.keys()) {
    if (!['host', 'port', 'user', 'sslmode'].includes(name))
      fault(`the parameter ${name} is not known here`)
  }
  const part = (encoded: string): string => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      fault('holds a % that is no part of a coded character')
      return encoded
    }
  }
  const host = query.get('host') ?? url.hostname.replace(/^\[|\]$/g, '')
  const user = query.get('user') ?? part(url.username)
  const database = part(url.pathname.slice(1))
  if (host === '' || user === '' || database === '')
    fault('must name a user, a host and a database')
  return {
    host,
    port: Number(query.get('port') || url.port || 5432),
    database,
    user,
    password: url.password === '' ? undefined : part(url.password),
    isPlain: isPlain(host, query.get('sslmode'), fault),
  }
}

function isPlain(host: string, mode: string | null, fault: (text: string) => void): boolean {
  switch (mode) {
    case null:
      return host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host)
    case 'disable':
      return true
    case 'require':
    case 'verify-ca':
    case 'verify-full':
      return false
    default:
      fault('sslmode has to be disable or verify-full')
      return true
  }
}
