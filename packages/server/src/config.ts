import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import type { Platform } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { configShape, type ConfigFile, type EnvironmentFile } from './config.shapes.ts'
import type { SignUp, UpstreamConfig } from './features/identity/index.ts'
import type { DatabaseConfig } from './kernel/db/database.ts'

/** Everything that one environment's server is told. Nothing else reads files or variables. */
export interface EnvironmentConfig {
  readonly kind: EnvironmentKind
  readonly name: string
  /** `localhost` listens on both loopback addresses. Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Undefined: `http://localhost:<port>`, once the port is known. */
  readonly publicUrl: string | undefined
  readonly dataFolder: string
  readonly database: DatabaseConfig
  readonly blobsFolder: string
  readonly upstreams: readonly UpstreamConfig[]
  readonly signUp: SignUp
  readonly runner: RunnerConfig | undefined
  readonly limits: Limits
}

/** The server's own runner. */
export interface RunnerConfig {
  readonly platforms: readonly Platform[]
  readonly allowNoIsolation: boolean
  readonly env: Readonly<Record<string, string>>
  readonly readable: readonly string[]
  /** Where the runner finds its tools. */
  readonly path: string
}

export interface Limits {
  readonly sourceBytes: number
  readonly artifactBytes: number
  readonly logBytes: number
  readonly buildMinutes: number
}

export const defaultLimits: Limits = {
  sourceBytes: 1024 ** 3,
  artifactBytes: 2 * 1024 ** 3,
  logBytes: 16 * 1024 ** 2,
  buildMinutes: 60,
}

const defaultPorts: Readonly<Record<EnvironmentKind, number>> = { prod: 4400, dev: 4401 }

export interface ConfigSources {
  /** The variables of the process. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where relative names start when there is no file: the clone, or the folder the server was started in. */
  readonly folder: string
  /** Where data lies by default. */
  readonly defaultData: string
}

/**
 * Reads the configuration in two steps (ruling 27): the form of everything, with every fault at once; then files and defaults,
 * again with every fault at once.
 *
 * @throws Fault config_file
 */
export function readConfig(sources: ConfigSources): readonly EnvironmentConfig[] {
  const named = sources.env['NORRIX_SERVER_CONFIG']
  const path = resolve(sources.folder, named || 'norrix-server.json')
  const raw = readJson(path, named !== undefined && named !== '')
  const faults: string[] = []
  const withVariables = applyVariables(
    raw ?? { environments: { prod: {}, dev: {} } },
    sources.env,
    faults,
  )
  const parsed = configShape.safeParse(withVariables)
  for (const issue of parsed.error?.issues ?? []) {
    faults.push(`${issue.path.join('.') || 'the file'}: ${issue.message}`)
  }
  if (!parsed.success || faults.length > 0) throw configFault(path, faults)
  const resolved = resolveAll(parsed.data, dirname(path), sources, faults)
  if (faults.length > 0) throw configFault(path, faults)
  return resolved
}

function readJson(path: string, required: boolean): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (!required && cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')
      return undefined
    throw configFault(path, ['cannot be read'], cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw configFault(path, [`is not JSON: ${cause instanceof Error ? cause.message : ''}`], cause)
  }
}

function configFault(path: string, faults: readonly string[], cause?: unknown): Fault {
  return new Fault('config_file', {
    message: `The server configuration is not right:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    fix: `mend ${path} or the NORRIX_PROD_… and NORRIX_DEV_… variables`,
    details: { path, faults },
    cause,
  })
}

/** `NORRIX_PROD_PORT` and its like, each over one field of the file. */
const variables: Readonly<Record<string, (value: string) => Record<string, unknown>>> = {
  PORT: (value) => ({ listen: { port: /^\d+$/.test(value) ? Number(value) : value } }),
  HOST: (value) => ({ listen: { host: value } }),
  PUBLIC_URL: (value) => ({ publicUrl: value }),
  DATA: (value) => ({ data: value }),
  NAME: (value) => ({ name: value }),
  SIGN_UP: (value) => ({ signUp: value }),
}

function applyVariables(raw: unknown, env: ConfigSources['env'], faults: string[]): unknown {
  if (!isObject(raw) || !isObject(raw['environments'])) return raw
  const environments: Record<string, unknown> = { ...raw['environments'] }
  for (const [name, value] of Object.entries(env)) {
    const match = /^NORRIX_(PROD|DEV)_(\w+)$/.exec(name)
    if (!match?.[1] || !match[2] || !value) continue
    const kind = match[1].toLowerCase()
    const override = variables[match[2]]
    if (!override) faults.push(`${name}: there is no such variable`)
    else environments[kind] = merge(environments[kind] ?? {}, override(value))
  }
  return { ...raw, environments }
}

function merge(base: unknown, over: Record<string, unknown>): unknown {
  if (!isObject(base)) return base
  const merged: Record<string, unknown> = { ...base }
  for (const [name, value] of Object.entries(over)) {
    merged[name] = isObject(value) && isObject(merged[name]) ? merge(merged[name], value) : value
  }
  return merged
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function resolveAll(
  file: ConfigFile,
  folder: string,
  sources: ConfigSources,
  faults: string[],
): EnvironmentConfig[] {
  const kinds = (['prod', 'dev'] as const).filter((kind) => file.environments[kind])
  const resolved = kinds.map((kind) =>
    resolveOne(kind, file.environments[kind] ?? {}, { folder, sources, faults }),
  )
  const [first, second] = resolved
  if (first && second && first.dataFolder === second.dataFolder) {
    faults.push(`dev.data: is the same folder as prod.data, ${first.dataFolder}`)
  }
  return resolved
}

interface Resolving {
  readonly folder: string
  readonly sources: ConfigSources
  readonly faults: string[]
}

function resolveOne(
  kind: EnvironmentKind,
  file: EnvironmentFile,
  resolving: Resolving,
): EnvironmentConfig {
  const { folder, sources } = resolving
  const faults = { push: (text: string) => resolving.faults.push(`${kind}.${text}`) }
  const dataFolder = resolve(folder, file.data ?? join(sources.defaultData, kind))
  const publicUrl = file.publicUrl
  if (publicUrl && isReadableOnTheWay(publicUrl) && !file.allowInsecureHttp) {
    faults.push(
      `publicUrl: ${publicUrl} is plain http beyond this machine; use https, or set allowInsecureHttp`,
    )
  }
  const upstreams = (file.upstreams ?? [{ kind: 'embedded' as const }]).map((upstream, index) =>
    resolveUpstream(upstream, folder, (text) => faults.push(`upstreams.${index}.${text}`)),
  )
  const signUp = resolveSignUp(file.signUp)
  if (signUp.kind === 'domain' && upstreams.every((upstream) => upstream.kind === 'embedded')) {
    faults.push('signUp: by domain needs an upstream that verifies addresses; embedded does not')
  }
  return {
    kind,
    name: file.name ?? 'Norrix',
    listen: {
      host: file.listen?.host ?? 'localhost',
      port: file.listen?.port ?? defaultPorts[kind],
    },
    publicUrl,
    dataFolder,
    database: { kind: 'sqlite', file: resolve(dataFolder, file.database?.file ?? 'norrix.db') },
    blobsFolder: resolve(dataFolder, file.blobs?.folder ?? 'blobs'),
    upstreams,
    signUp,
    runner: resolveRunner(file.runner ?? {}, folder, sources.env['PATH'] ?? ''),
    limits: resolveLimits(file.limits),
  }
}

function isReadableOnTheWay(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

function resolveUpstream(
  upstream: NonNullable<EnvironmentFile['upstreams']>[number],
  folder: string,
  fault: (text: string) => void,
): UpstreamConfig {
  if (upstream.kind === 'embedded') return upstream
  const { clientSecretFile, ...rest } = upstream
  if (clientSecretFile === undefined) return rest
  try {
    const clientSecret = readFileSync(resolve(folder, clientSecretFile), 'utf8').trim()
    if (clientSecret === '') fault('clientSecretFile: is empty')
    return { ...rest, clientSecret }
  } catch {
    fault(`clientSecretFile: ${clientSecretFile} cannot be read`)
    return rest
  }
}

function resolveSignUp(signUp: EnvironmentFile['signUp']): SignUp {
  if (signUp === undefined || signUp === 'invite') return { kind: 'invite' }
  return signUp === 'open' ? { kind: 'open' } : signUp
}

function resolveRunner(
  runner: NonNullable<EnvironmentFile['runner']>,
  folder: string,
  path: string,
): RunnerConfig | undefined {
  if (runner === false) return undefined
  return {
    platforms: runner.platforms ?? ['android'],
    allowNoIsolation: runner.isolation === 'none',
    env: runner.env ?? {},
    readable: (runner.readable ?? []).map((name) => resolve(folder, name)),
    path,
  }
}

function resolveLimits(limits: EnvironmentFile['limits']): Limits {
  return {
    sourceBytes: limits?.sourceBytes ?? defaultLimits.sourceBytes,
    artifactBytes: limits?.artifactBytes ?? defaultLimits.artifactBytes,
    logBytes: limits?.logBytes ?? defaultLimits.logBytes,
    buildMinutes: limits?.buildMinutes ?? defaultLimits.buildMinutes,
  }
}
