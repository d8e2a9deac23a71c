// Builds and runners on a real database and real files, driven as their routes are: input parsed by its shape, the
// credential looked up, the answer held to its shape. For what goes over a socket there is norrix.ts.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Platform } from '@norrix/contract/builds.policy'
import { builds as buildOperations } from '@norrix/contract/builds.operations'
import { leases } from '@norrix/contract/leases.operations'
import { runners as runnerOperations } from '@norrix/contract/runners.operations'
import type { Build, Lease, LogEvent } from '@norrix/contract/types'
import { auditFeature } from '@norrix/server/features/audit/index'
import { buildsFeature, type BuildLimits } from '@norrix/server/features/builds/index'
import { runnersFeature } from '@norrix/server/features/runners/index'
import type { KeyPrincipal, SessionPrincipal } from '@norrix/server/http/principal'
import { folderBlobs } from '@norrix/server/kernel/blobs/folder'
import { openDatabase } from '@norrix/server/kernel/db/database'
import { createLog } from '@norrix/server/kernel/log'
import { sqlQueue } from '@norrix/server/kernel/queue/sql'
import type { Tables } from '@norrix/server/schema/index'
import { migrations } from '@norrix/server/schema/migrations/index'
import { callerOf, contextOf, digestOf } from './operation-caller.ts'
import { makeDatabase } from './test-database.ts'

export type BuildRig = Awaited<ReturnType<typeof startBuildRig>>

export const ana: SessionPrincipal = {
  kind: 'session',
  sessionId: 'ses_ana',
  accountId: 'user_ana',
  email: 'ana@example.com',
  via: 'token',
}

const project = { name: 'hello', version: '1.0.0', buildNumber: 1, bundleId: null }
const plan = { backend: 'command' as const, command: 'make', artifacts: ['out/*'] }

/** A rig with the organizations `org_1` and `org_2`; end it with `stop`. */
export async function startBuildRig(limits: Partial<BuildLimits> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-builds-'))
  const database = await makeDatabase(folder)
  const db = openDatabase<Tables>(database.config)
  await db.migrate(migrations)
  for (const id of ['org_1', 'org_2']) {
    await db.kysely.insertInto('orgs').values({ id, name: id, created_at: 1 }).execute()
  }
  let shift = 0
  const lines: string[] = []
  const log = createLog((line) => lines.push(line))
  const effects = {
    now: () => Date.now() + shift,
    random: (count: number) => randomBytes(count),
    log,
  }
  const audit = auditFeature({ effects })
  const blobs = folderBlobs(join(folder, 'blobs'))
  const runners = runnersFeature({ db, effects, audit })
  const sizes = {
    sourceBytes: 100_000,
    artifactBytes: 100_000,
    logBytes: 1_000_000,
    buildMinutes: 60,
  }
  const builds = buildsFeature({
    db,
    effects,
    audit,
    blobs,
    bell: db.bell,
    queue: sqlQueue({ now: effects.now, bell: db.bell }),
    runners,
    config: { publicUrl: 'https://norrix.example.com', limits: { ...sizes, ...limits } },
  })
  const routes = [...runners.routes, ...builds.routes]
  const call = callerOf(routes)
  const facts = { address: '127.0.0.1', agent: 'rig' }

  const principalOf = (token: string) =>
    runners.authenticate({ kind: 'runner-token', token }, facts)
  const lease = (token: string) => builds.authenticateLease({ kind: 'lease-token', token }, facts)

  /** A runner that has said hello; its token, and `take` under it. */
  const startRunner = async (orgId: string | null, platforms: Platform[] = ['android']) => {
    const made =
      orgId === null ? await runners.ensureServerRunner('server_1') : await addRunner(call, orgId)
    const { token } = made
    const body = { name: null, os: 'debian', version: '1', platforms, isolation: 'uid' as const }
    const said = await call(leases.hello, {
      params: undefined,
      query: undefined,
      body,
      principal: await principalOf(token),
      context: contextOf(),
    })
    return {
      id: said.id,
      token,
      take: async (waitSeconds = 0, signal?: AbortSignal) =>
        (
          await call(leases.take, {
            params: undefined,
            query: undefined,
            body: { waitSeconds },
            principal: await principalOf(token),
            context: contextOf(signal),
          })
        ).lease,
    }
  }

  /** What a runner can say under a lease, the token looked up at each call. */
  const under = ({ id, token }: Lease) => {
    const rest = async () => {
      const principal = await lease(token)
      const context = contextOf(undefined, async () => void (await lease(token)))
      return { params: { leaseId: id }, principal, context }
    }
    return {
      source: async () =>
        call(leases.source, { ...(await rest()), query: undefined, body: undefined }),
      heartbeat: async () =>
        call(leases.heartbeat, { ...(await rest()), query: undefined, body: undefined }),
      log: async (offset: number, text: string) =>
        call(leases.appendLog, { ...(await rest()), query: undefined, body: { offset, text } }),
      upload: async (name: string, bytes: Buffer | Readable, sha256?: string) => {
        const body = Buffer.isBuffer(bytes) ? Readable.from([bytes]) : bytes
        const digest = sha256 ?? (Buffer.isBuffer(bytes) ? digestOf(bytes) : '')
        const query = { name, sha256: digest, contentType: 'text/html', standIn: 'false' as const }
        return call(leases.uploadArtifact, { ...(await rest()), query, body })
      },
      finish: async (outcome: 'succeeded' | 'failed' | 'cancelled', exitCode: number | null = 0) =>
        call(leases.finish, {
          ...(await rest()),
          query: undefined,
          body: { outcome, exitCode, failure: null },
        }),
    }
  }

  const uploadSource = (orgId: string, bytes: Buffer | Readable, options: SourceOptions = {}) => {
    const digest = Buffer.isBuffer(bytes) ? digestOf(bytes) : '0'.repeat(64)
    return call(buildOperations.uploadSource, {
      params: { orgId },
      query: { sha256: options.sha256 ?? digest, files: 1 },
      body: Buffer.isBuffer(bytes) ? Readable.from([bytes]) : bytes,
      principal: options.principal ?? ana,
      context: contextOf(undefined, options.confirm),
    })
  }

  /** Uploads a source and queues a build of it. */
  const queueBuild = async (orgId = 'org_1', options: BuildOptions = {}): Promise<Build> => {
    const principal = options.principal ?? ana
    const source = await uploadSource(orgId, randomBytes(500), { principal })
    const platform = options.platform ?? 'android'
    const waitForRunner = options.waitForRunner ?? true
    return call(buildOperations.create, {
      params: { orgId },
      query: undefined,
      body: { platform, buildType: 'release', project, plan, sourceId: source.id, waitForRunner },
      principal,
      context: contextOf(),
    })
  }

  const inBuild = (orgId: string, buildId: string) => ({
    params: { orgId, buildId },
    body: undefined,
    principal: ana,
    context: contextOf(),
  })

  return {
    db,
    effects,
    builds,
    runners,
    blobs,
    call,
    startRunner,
    under,
    uploadSource,
    queueBuild,
    /** What the server logged, a line each. */
    lines,
    blobFolder: join(folder, 'blobs'),
    /** Turns the server's clock on. */
    turn: (ms: number) => void (shift += ms),
    show: ({ id, orgId }: { id: string; orgId: string }) =>
      call(buildOperations.show, { ...inBuild(orgId, id), query: undefined }),
    cancel: ({ id, orgId }: { id: string; orgId: string }) =>
      call(buildOperations.cancel, { ...inBuild(orgId, id), query: undefined }),
    /** A build's log as the stream of its events. */
    follow: async (
      { id, orgId }: { id: string; orgId: string },
      {
        from = 0,
        follow = true,
        signal,
      }: { from?: number; follow?: boolean; signal?: AbortSignal } = {},
    ): Promise<AsyncIterable<LogEvent>> =>
      call(buildOperations.log, {
        ...inBuild(orgId, id),
        query: { from, follow },
        context: contextOf(signal),
      }),
    async stop() {
      await builds.sweeper.stop()
      await db.close()
      await database.drop()
      await rm(folder, { recursive: true })
    },
  }
}

interface SourceOptions {
  readonly sha256?: string
  readonly principal?: SessionPrincipal | KeyPrincipal
  readonly confirm?: () => Promise<void>
}

interface BuildOptions {
  readonly platform?: Platform
  readonly waitForRunner?: boolean
  readonly principal?: SessionPrincipal | KeyPrincipal
}

type Call = ReturnType<typeof callerOf>

async function addRunner(call: Call, orgId: string): Promise<{ token: string }> {
  return call(runnerOperations.create, {
    params: { orgId },
    query: undefined,
    body: { name: 'mac-mini' },
    principal: ana,
    context: contextOf(),
  })
}
