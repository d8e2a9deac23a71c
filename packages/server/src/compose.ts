import { createSecretKey } from 'node:crypto'
import { operations } from '@norrix/contract/operations'
import { shapes } from '@norrix/contract/shapes'
import type { EnvironmentConfig } from './config.ts'
import type { Distribution } from './distribution.ts'
import { apiKeysFeature } from './features/api-keys/index.ts'
import { auditFeature } from './features/audit/index.ts'
import { buildsFeature } from './features/builds/index.ts'
import { identityFeature, type Identity, type PasswordCost } from './features/identity/index.ts'
import { orgsFeature } from './features/orgs/index.ts'
import { runnersFeature } from './features/runners/index.ts'
import { serviceFeature } from './features/service/index.ts'
import { sessionsFeature } from './features/sessions/index.ts'
import { serveDashboard } from './http/dashboard.ts'
import { mount } from './http/mount.ts'
import type { Mounted } from './http/mounted.ts'
import { folderBlobs } from './kernel/blobs/folder.ts'
import { openDatabase, type Database } from './kernel/db/database.ts'
import type { Effects } from './kernel/effects.ts'
import { sqlQueue } from './kernel/queue/sql.ts'
import { keepServerId } from './kernel/server-id.ts'
import { secretsOf } from './kernel/shared-secrets.ts'
import type { Tables } from './schema/index.ts'
import type { ServerMetrics } from './metrics.ts'
import { createReadiness } from './readiness.ts'
import { migrations } from './schema/migrations/index.ts'

export interface Surroundings {
  readonly effects: Effects
  /** What people type. */
  readonly publicUrl: string
  readonly version: string
  /** `http://127.0.0.1:<port>` of this very process. */
  readonly localOrigin: string
  readonly distribution: Distribution
  readonly passwordCost?: PasswordCost | undefined
  readonly metrics: ServerMetrics
  readonly sibling: () =>
    | { readonly kind: EnvironmentConfig['kind']; readonly url: string }
    | undefined
}

/** A server without its port. */
export interface Composed {
  readonly identity: Identity
  /** Asked in turn for each request. */
  readonly handlers: readonly Mounted[]
  /** Aborting it says to whoever asks that this server will be gone; it answers as before. */
  readonly draining: AbortController
  /** Aborting it ends every open stream and long poll. */
  readonly stopping: AbortController
  /** A fresh token for the server's own runner; older ones are refused from then on. */
  runnerToken(): Promise<string>
  close(): Promise<void>
}

/** Puts one environment's server together: the one place that knows every feature. */
export async function compose(config: EnvironmentConfig, around: Surroundings): Promise<Composed> {
  const serverId = keepServerId(config.dataFolder)
  const db = openDatabase<Tables>(config.database, around.effects.log)
  const draining = new AbortController()
  const stopping = new AbortController()
  const { log } = around.effects
  const ready = createReadiness({
    db,
    dataFolder: config.dataFolder,
    draining: draining.signal,
    onFailure: (part, cause) => log.error('server.not_ready', { part, cause }),
  })
  const all = { ...around, ready }
  const features = await prepare(config, all, db, serverId).catch(async (error: unknown) => {
    await db.close()
    throw error
  })
  const { identity, runners, builds, apiKeys } = features
  around.metrics.watch(db, around.effects)
  const api = mountAll(features, around, stopping.signal)
  const pages: Mounted = (req, res, facts) => identity.handle(req, res, facts)
  // A server that was started without a runner must not count its old one as registered (ruling 19).
  if (!config.runner) await runners.retireServerRunner(serverId)
  builds.sweeper.start()
  return {
    identity,
    draining,
    stopping,
    handlers: [api, pages, serveDashboard(around.distribution.dashboard)],
    runnerToken: async () => (await runners.ensureServerRunner(serverId)).token,
    async close() {
      await builds.sweeper.stop()
      await apiKeys.stop()
      await db.close()
    },
  }
}

async function prepare(...all: Parameters<typeof buildFeatures>) {
  const [, , db] = all
  await db.migrate(migrations)
  return buildFeatures(...all)
}

/** From the lowest on the ladder to the highest; what reaches upwards is handed down as a function. */
async function buildFeatures(
  config: EnvironmentConfig,
  {
    effects,
    publicUrl,
    version,
    localOrigin,
    distribution,
    sibling,
    passwordCost,
    metrics,
    ready,
  }: Surroundings & { readonly ready: () => Promise<void> },
  db: Database<Tables>,
  serverId: string,
) {
  const { kind, name, upstreams, signUp, signIn, secretsFolder } = config
  const secrets = secretsOf(db.kysely, config.database.kind, secretsFolder)
  const environment = { kind, publicUrl, name, version }
  const { bell } = db

  const audit = auditFeature({ effects })
  const orgs = orgsFeature({ db, effects, audit })
  const states: Identity['states'] = {
    endGrant: (tx, grantHash) => identity.states.endGrant(tx, grantHash),
    forgetBrowsersOf: (tx, accountId) => identity.states.forgetBrowsersOf(tx, accountId),
    endStatesOf: (tx, accountId) => identity.states.endStatesOf(tx, accountId),
  }
  const sessions = sessionsFeature({ db, effects, audit, orgs, environment, states })
  const identity = await identityFeature({
    db,
    effects,
    audit,
    orgs,
    sessions,
    secrets,
    config: { ...environment, upstreams, signUp, signIn },
    passwordCost,
    localOrigin: () => localOrigin,
  })
  const runners = runnersFeature({ db, effects, audit })
  const builds = buildsFeature({
    db,
    effects,
    audit,
    bell,
    runners,
    blobs: folderBlobs(config.blobsFolder, serverId),
    queue: sqlQueue({ now: effects.now, bell }),
    onLost: metrics.leaseLost,
    config: { publicUrl, limits: config.limits },
  })
  const apiKeys = apiKeysFeature({
    db,
    effects,
    audit,
    environment: kind,
    pepper: createSecretKey(await secrets.keep('api-key-pepper')),
    cancelBuildsOf: builds.cancelBuildsOf,
  })
  const service = serviceFeature({
    environment,
    sibling,
    ready,
    signInNames: () => identity.signInNames,
    cli: distribution.cli,
  })
  return { service, orgs, sessions, identity, apiKeys, runners, builds }
}

function mountAll(
  features: Awaited<ReturnType<typeof buildFeatures>>,
  { publicUrl, version }: Surroundings,
  stopping: AbortSignal,
): Mounted {
  const { service, sessions, orgs, apiKeys, runners, builds } = features
  return mount({
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
    version,
    stopping,
  })
}
