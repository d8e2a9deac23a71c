import { createServer, type Server } from 'node:http'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { operations } from '@norrix/contract/operations'
import { shapes } from '@norrix/contract/shapes'
import { version } from '@norrix/contract/version'
import type { EnvironmentConfig } from './config.ts'
import { readDistribution } from './distribution.ts'
import { startEmbeddedRunner, type EmbeddedRunner } from './embedded-runner.ts'
import { apiKeysFeature } from './features/api-keys/index.ts'
import { auditFeature } from './features/audit/index.ts'
import { buildsFeature } from './features/builds/index.ts'
import { identityFeature, type Identity } from './features/identity/index.ts'
import { orgsFeature } from './features/orgs/index.ts'
import { runnersFeature } from './features/runners/index.ts'
import { serviceFeature } from './features/service/index.ts'
import { sessionsFeature } from './features/sessions/index.ts'
import { serveDashboard } from './http/dashboard.ts'
import { createListener } from './http/listener.ts'
import { mount, type Mounted } from './http/mount.ts'
import { createBell } from './kernel/bell.ts'
import { folderBlobs } from './kernel/blobs/folder.ts'
import { openDatabase } from './kernel/db/database.ts'
import type { Effects } from './kernel/effects.ts'
import { lockFolder } from './kernel/lock.ts'
import { keepSecret } from './kernel/secrets.ts'
import { sqliteQueue } from './kernel/queue/sqlite.ts'
import { closeAll, listen } from './listen.ts'
import type { Tables } from './schema/index.ts'
import { migrations } from './schema/migrations/index.ts'

export interface NorrixServer {
  readonly kind: EnvironmentConfig['kind']
  /** What people type. */
  readonly url: string
  readonly dataFolder: string
  /** A fresh link by which the first owner takes the server; undefined once it is taken. */
  ownerLink: Identity['ownerLink']
  /** Undefined where the configuration wants none, or it could not start: the log says why. */
  readonly runner: EmbeddedRunner | undefined
  stop(): Promise<void>
}

export interface ServerDeps {
  readonly effects: Effects
  /** Where `npm run build` put the dashboard and the packed command line. */
  readonly distribution: string
  /** The other environment of this host, once it runs. */
  readonly sibling?: () => { readonly kind: EnvironmentConfig['kind']; readonly url: string } | undefined
}

/**
 * Builds one environment's server and starts it: the one place that knows every feature.
 *
 * @throws Fault data_in_use, data_unusable, port_taken
 */
export async function startServer(
  config: EnvironmentConfig,
  deps: ServerDeps,
): Promise<NorrixServer> {
  const log = deps.effects.log.with({ environment: config.kind })
  const effects: Effects = { ...deps.effects, log }
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })
  const lock = lockFolder(config.dataFolder)
  // Taken first: the address of everything below follows from the port.
  const { servers, port } = await listen(config.listen).catch((error: unknown) => {
    lock.release()
    throw error
  })
  const publicUrl = config.publicUrl ?? `http://localhost:${port}`
  const localOrigin = `http://127.0.0.1:${port}`
  const parts = await compose(config, effects, deps, { publicUrl, localOrigin })
  serve(servers, createListener({ publicUrl, log, handlers: parts.handlers }))
  const runner = config.runner
    ? await startEmbeddedRunner({
        url: localOrigin,
        token: await parts.runnerToken(),
        config: config.runner,
        hidden: [config.dataFolder],
        scratch: join(config.dataFolder, 'runner'),
        log,
      })
    : undefined
  log.info('server.started', { url: publicUrl, data: config.dataFolder, version })
  return {
    kind: config.kind,
    url: publicUrl,
    dataFolder: config.dataFolder,
    ownerLink: () => parts.identity.ownerLink(),
    runner,
    async stop() {
      await runner?.stop()
      parts.stopping.abort()
      await closeAll(servers)
      await parts.close()
      lock.release()
      log.info('server.stopped')
    },
  }
}

interface Addresses {
  readonly publicUrl: string
  readonly localOrigin: string
}

async function compose(
  config: EnvironmentConfig,
  effects: Effects,
  deps: ServerDeps,
  { publicUrl, localOrigin }: Addresses,
) {
  const { kind } = config
  const stopping = new AbortController()
  const secretsFolder = join(config.dataFolder, 'secrets')
  const db = openDatabase<Tables>(config.database)
  await db.migrate(migrations)
  const blobs = folderBlobs(config.blobsFolder)
  const distribution = readDistribution(deps.distribution)
  const environment = { kind, publicUrl, name: config.name, version }
  const bell = createBell()

  const audit = auditFeature({ effects })
  const orgs = orgsFeature({ db, effects, audit })
  const sessions = sessionsFeature({
    db,
    effects,
    audit,
    orgs,
    environment,
    endGrant: (tx, grantHash) => identity.endGrant(tx, grantHash),
  })
  const identity = await identityFeature({
    db,
    effects,
    audit,
    orgs,
    sessions,
    config: { ...environment, upstreams: config.upstreams, signUp: config.signUp },
    secrets: { folder: secretsFolder },
    localOrigin: () => localOrigin,
  })
  const runners = runnersFeature({ db, effects, audit })
  const builds = buildsFeature({
    db,
    effects,
    audit,
    blobs,
    bell,
    queue: sqliteQueue(effects),
    runners,
    config: { publicUrl, limits: config.limits },
  })
  const apiKeys = apiKeysFeature({
    db,
    effects,
    audit,
    environment: kind,
    pepper: keepSecret(secretsFolder, 'api-key-pepper'),
    cancelBuildsOf: builds.cancelBuildsOf,
  })
  const service = serviceFeature({
    environment,
    sibling: () => deps.sibling?.(),
    signInNames: () => identity.signInNames,
    cli: distribution.cli,
  })

  const api = mount({
    operations,
    shapes,
    routes: [service, sessions, orgs, apiKeys, runners, builds].flatMap(({ routes }) => routes),
    authenticators: {
      'access-token': sessions.authenticateToken,
      cookie: sessions.authenticateCookie,
      'api-key': apiKeys.authenticate,
      'runner-token': runners.authenticate,
      'lease-token': builds.authenticateLease,
      roleOf: orgs.roleOf,
    },
    cookieName: sessions.cookieName,
    publicUrl,
    stopping: stopping.signal,
  })
  const pages: Mounted = (req, res, facts) => identity.handle(req, res, facts)
  builds.sweeper.start()
  return {
    identity,
    stopping,
    handlers: [api, pages, serveDashboard(distribution.dashboard)],
    runnerToken: async () => (await runners.ensureServerRunner()).token,
    async close() {
      await builds.sweeper.stop()
      await apiKeys.stop()
      await db.close()
    },
  }
}

function serve(servers: readonly Server[], listener: Parameters<typeof createServer>[1]): void {
  for (const server of servers) if (listener) server.on('request', listener)
}
