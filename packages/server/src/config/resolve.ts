import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import { isSameDatabase, resolveDatabase } from './database.ts'
import type { EnvironmentConfig, Limits, RunnerConfig } from './types.ts'
import type { ConfigFile, EnvironmentFile } from '../config.shapes.ts'
import type { SignUp, UpstreamConfig } from '../features/identity/index.ts'

/** The second step of reading the configuration: files, defaults, and what only both environments together can show. */

export const defaultLimits: Limits = {
  sourceBytes: 1024 ** 3,
  artifactBytes: 2 * 1024 ** 3,
  logBytes: 16 * 1024 ** 2,
  buildMinutes: 60,
}

const defaultPorts: Readonly<Record<EnvironmentKind, number>> = { prod: 4400, dev: 4401 }

export interface Resolving {
  /** Where relative names start. */
  readonly folder: string
  readonly defaultData: string
  /** Where the embedded runner finds its tools. */
  readonly path: string
  /** Gets every fault that is found. */
  readonly faults: string[]
}

export function resolveAll(file: ConfigFile, resolving: Resolving): EnvironmentConfig[] {
  const kinds = (['prod', 'dev'] as const).filter((kind) => file.environments[kind])
  const resolved = kinds.map((kind) => resolveOne(kind, file.environments[kind] ?? {}, resolving))
  const [first, second] = resolved
  if (first && second && first.dataFolder === second.dataFolder) {
    resolving.faults.push(`dev.data: is the same folder as prod.data, ${first.dataFolder}`)
  }
  if (first && second && isSameDatabase(first.database, second.database)) {
    resolving.faults.push(
      'dev.database: is the same as prod.database; each environment has its own',
    )
  }
  return resolved
}

function resolveOne(
  kind: EnvironmentKind,
  file: EnvironmentFile,
  resolving: Resolving,
): EnvironmentConfig {
  const { folder } = resolving
  const faults = { push: (text: string) => resolving.faults.push(`${kind}.${text}`) }
  const dataFolder = resolve(folder, file.data ?? join(resolving.defaultData, kind))
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
    database: resolveDatabase(file, { folder, dataFolder, faults }),
    blobsFolder: resolve(dataFolder, file.blobs?.folder ?? 'blobs'),
    secretsFolder: resolve(dataFolder, file.secrets?.folder ?? 'secrets'),
    upstreams,
    secretFiles: secretFilesOf(file).map((name) => resolve(folder, name)),
    signUp,
    signIn: { device: file.signIn?.device ?? true },
    runner: resolveRunner(file.runner ?? {}, {
      folder,
      path: resolving.path,
      mayRunUnprotected: isForOnePerson(file, signUp),
    }),
    limits: resolveLimits(file.limits),
    metrics: file.metrics && {
      host: file.metrics.listen.host ?? '127.0.0.1',
      port: file.metrics.listen.port,
    },
    accessLog: file.accessLog ?? true,
    drain: {
      noticeMs: (file.drain?.noticeSeconds ?? 0) * 1000,
      limitMs: (file.drain?.limitSeconds ?? 8) * 1000,
    },
  }
}

function secretFilesOf({ upstreams = [], database }: EnvironmentFile): string[] {
  const named = upstreams.map((each) =>
    'clientSecretFile' in each ? each.clientSecretFile : undefined,
  )
  if (database?.kind === 'postgres') named.push(database.urlFile, database.passwordFile)
  return named.filter((name) => name !== undefined)
}

function isReadableOnTheWay(url: string): boolean {
  return new URL(url).protocol === 'http:' && !isOnThisMachine(url)
}

function isOnThisMachine(url: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)
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

/** On a loopback address, where nobody signs up: whoever queues builds there could run them by hand as well (ruling 15). */
function isForOnePerson({ listen, publicUrl }: EnvironmentFile, signUp: SignUp): boolean {
  const host = listen?.host ?? 'localhost'
  const isLoopback = ['localhost', '127.0.0.1', '::1'].includes(host)
  const isPublic = publicUrl !== undefined && !isOnThisMachine(publicUrl)
  return isLoopback && !isPublic && signUp.kind === 'invite'
}

function resolveRunner(
  runner: NonNullable<EnvironmentFile['runner']>,
  options: {
    folder: string
    path: string
    mayRunUnprotected: boolean
  },
): RunnerConfig | undefined {
  if (runner === false) return undefined
  const { folder, path, mayRunUnprotected } = options
  return {
    platforms: runner.platforms ?? ['android'],
    allowNoIsolation: mayRunUnprotected && runner.isolation !== 'required',
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
