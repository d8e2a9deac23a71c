import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditFeature } from '../../packages/server/src/features/audit/index.ts'
import {
  identityFeature,
  type Identity,
  type IdentityDeps,
} from '../../packages/server/src/features/identity/index.ts'
import { orgsFeature } from '../../packages/server/src/features/orgs/index.ts'
import {
  sessionsFeature,
  type Sessions,
} from '../../packages/server/src/features/sessions/index.ts'
import { carrierOf } from '../../packages/server/src/http/authorize.ts'
import { readCredential } from '../../packages/server/src/http/credential.ts'
import { createListener } from '../../packages/server/src/http/listener.ts'
import { sendJson } from '../../packages/server/src/http/respond.ts'
import type { Mounted } from '../../packages/server/src/http/mounted.ts'
import { openDatabase, type Database } from '../../packages/server/src/kernel/db/database.ts'
import { createLog } from '../../packages/server/src/kernel/log.ts'
import { folderSecrets } from '../../packages/server/src/kernel/secrets.ts'
import type { Tables } from '../../packages/server/src/schema/index.ts'
import { migrations } from '../../packages/server/src/schema/migrations/index.ts'

type IdentityConfig = IdentityDeps['config']

import { passwordCost } from '../kit/norrix.ts'
import { makeDatabase } from '../kit/test-database.ts'

/** One environment's identity, served on a free port over real features, a real database and real files. */
export interface Served {
  readonly url: string
  /** Where it really listens. */
  readonly localOrigin: string
  readonly identity: Identity
  readonly sessions: Sessions
  readonly db: Database<Tables>
  /** Everything that the database holds, as a thief of a backup has it. */
  dump(): Promise<string>
  readonly folder: string
  readonly log: readonly string[]
  /** Turns the server's clock on. */
  pass(milliseconds: number): void
  close(): Promise<void>
}

export type ServedOptions = Partial<
  Pick<IdentityConfig, 'kind' | 'upstreams' | 'signUp' | 'signIn'>
> & {
  /** The address people type, when it is not the listener's own. */
  readonly publicUrl?: string
  /** The host name people type; Cognito registers plain http for `localhost` alone. */
  readonly host?: 'localhost' | '127.0.0.1'
  /** A free one when absent. */
  readonly port?: number
  /** Takes the place of the features' own randomness. */
  readonly random?: (count: number) => Uint8Array
  /** Upstreams that need to know where they are called back. */
  readonly upstreamsFor?: (url: string) => IdentityConfig['upstreams']
}

export async function serveIdentity(options: ServedOptions = {}): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-identity-'))
  const database = await makeDatabase(folder)
  const db = openDatabase<Tables>(database.config)
  await db.migrate(migrations)
  const log: string[] = []
  let offset = 0
  const now = () => Date.now() + offset
  const effects = {
    now,
    random: options.random ?? ((count: number) => randomBytes(count)),
    log: createLog((line) => log.push(line), { now }),
  }
  let listener: RequestListener = () => undefined
  const server = createServer((req, res) => listener(req, res))
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const localOrigin = `http://127.0.0.1:${port}`
  const kind = options.kind ?? 'prod'
  const url = options.publicUrl ?? `http://${options.host ?? '127.0.0.1'}:${port}`
  const audit = auditFeature({ effects })
  const orgs = orgsFeature({ db, effects, audit })
  const environment = { kind, publicUrl: url, name: kind, version: '0.0.0' }
  const sessions = sessionsFeature({
    db,
    effects,
    audit,
    orgs,
    environment,
    states: {
      endGrant: (tx, grantHash) => identity.states.endGrant(tx, grantHash),
      forgetBrowsersOf: (tx, accountId) => identity.states.forgetBrowsersOf(tx, accountId),
      endStatesOf: (tx, accountId) => identity.states.endStatesOf(tx, accountId),
    },
  })
  const identity = await identityFeature({
    db,
    effects,
    audit,
    orgs,
    sessions,
    config: {
      ...environment,
      upstreams: options.upstreamsFor?.(url) ?? options.upstreams ?? [{ kind: 'embedded' }],
      signUp: options.signUp ?? { kind: 'invite' },
      signIn: options.signIn ?? { device: true },
    },
    secrets: folderSecrets(join(folder, 'secrets')),
    passwordCost,
    localOrigin: () => localOrigin,
  })
  /** Stands for every protected operation, and for the dashboard. */
  const rest: Mounted = async (req, res, { url: asked, ...facts }) => {
    if (asked.pathname === '/who') {
      const credential = readCredential(carrierOf(req, asked), sessions.cookieName)
      if (credential.kind === 'access-token')
        sendJson(res, 200, await sessions.authenticateToken(credential, facts))
      else if (credential.kind === 'cookie')
        sendJson(res, 200, await sessions.authenticateCookie(credential, facts))
      else sendJson(res, 401, {})
      return true
    }
    sendJson(res, 200, { dashboard: asked.pathname })
    return true
  }
  listener = createListener({
    publicUrl: url,
    version: '0.1.0',
    log: effects.log,
    now,
    accessLog: false,
    draining: new AbortController().signal,
    onAnswered: () => {},
    handlers: [(req, res, facts) => identity.handle(req, res, facts), rest],
  })
  return {
    url,
    localOrigin,
    identity,
    sessions,
    db,
    dump: () => database.dump(),
    folder,
    log,
    pass: (milliseconds) => void (offset += milliseconds),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await db.close()
      await database.drop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
