import { setTimeout as sleep } from 'node:timers/promises'
import { decodeProtectedHeader } from 'jose'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import { createClient, type Client } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import { Browser } from '../identity/browser.ts'
import {
  ana,
  refresh,
  signInCommandLine,
  startCommandLine,
  type CommandLine,
} from '../identity/command-line.ts'
import type { Resident } from './at-the-terminal.ts'
import { bearer } from './people.ts'
import { boundHeaders } from './proofs.ts'
import { queueBuild } from './queue-build.ts'

/** Everything that people and pipelines do all day, at once, until it is stopped. Nothing is asked twice, as the balancer in front does that. */
export interface MixedLoad {
  /** How often each thing was done. */
  readonly done: Readonly<Record<Deed, number>>
  /** What did not succeed, in words. */
  readonly failed: readonly string[]
  /** Builds that were acknowledged. */
  readonly queued: ReadonlySet<string>
  /** The signing keys of id tokens, in the order in which they were first seen. */
  readonly signers: ReadonlySet<string>
  /** Resolves once everybody has finished what they were at. */
  stop(): Promise<void>
}

export type Deed =
  | 'key asked'
  | 'cookie asked'
  | 'token asked'
  | 'token renewed'
  | 'signed in'
  | 'dashboard signed in to'
  | 'key made and revoked'
  | 'build followed to its end'

export interface Loaded {
  readonly url: string
  readonly resident: Resident
  /** A packed project, and what builds it. */
  readonly project: { readonly source: Buffer; readonly command: string }
  /**
   * Whether command lines ask for the signing keys at each renewal, as each is a process of its own, or go on with those they
   * have for as long as `openid-client` lets them: a minute at least.
   */
  readonly signingKeys: 'asked for' | 'kept'
}

export async function startMixedLoad(loaded: Loaded): Promise<MixedLoad> {
  const { url, resident, project } = loaded
  const done: Record<Deed, number> = {
    'key asked': 0,
    'cookie asked': 0,
    'token asked': 0,
    'token renewed': 0,
    'signed in': 0,
    'dashboard signed in to': 0,
    'key made and revoked': 0,
    'build followed to its end': 0,
  }
  const failed: string[] = []
  const queued = new Set<string>()
  const signers = new Set<string>()
  const stopping = new AbortController()
  const { orgId, client } = resident
  const key = bearer(url, (await resident.makeKey()).secret)
  const dashboard = await aBrowser(url)
  // One after the other: it is one browser.
  const lines = [
    await signInCommandLine(url, resident.browser, ana),
    await signInCommandLine(url, resident.browser, ana),
  ]

  const keep = async (deed: Deed, pauseMs: number, once: () => Promise<unknown>): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await once()
        done[deed] += 1
      } catch (error) {
        failed.push(`${deed}: ${inWords(error)}`)
      }
      await sleep(pauseMs)
    }
  }
  const loops = [
    ...[0, 1, 2, 3].map(() => keep('key asked', 2, () => key.call(sessions.whoami, {}))),
    ...[0, 1].map(() => keep('cookie asked', 5, () => client.call(sessions.whoami, {}))),
    keep('cookie asked', 20, () => client.call(builds.list, { params: { orgId } })),
    ...lines.flatMap(({ line, tokens }) => {
      const holder = tokenHolder(loaded, line, tokens)
      return [
        keep('token asked', 5, () => holder.client.call(sessions.whoami, {})),
        keep('token renewed', 100, () => holder.renew()),
      ]
    }),
    keep('signed in', 300, async () => {
      const { tokens } = await signInCommandLine(url, resident.browser, ana)
      signers.add(String(decodeProtectedHeader(tokens.id_token ?? '').kid))
    }),
    keep('dashboard signed in to', 300, () => signInToDashboard(url, dashboard)),
    keep('key made and revoked', 50, async () => {
      const { id } = await resident.makeKey()
      await client.call(apiKeys.revoke, { params: { orgId, keyId: id }, body: {} })
    }),
    ...[0, 1].map(() =>
      keep('build followed to its end', 100, async () => {
        const { id } = await queueBuild(key, orgId, { ...project, waitForRunner: true })
        queued.add(id)
        await follow(key, orgId, id)
      }),
    ),
  ]
  return {
    done,
    failed,
    queued,
    signers,
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

const sessionCookie = 'norrix_prod_session'

/** A command line with its newest access token. */
function tokenHolder(
  { url, signingKeys }: Loaded,
  line: CommandLine,
  first: { readonly access_token: string; readonly refresh_token?: string },
): { readonly client: Client; renew(): Promise<void> } {
  let accessToken = first.access_token
  return {
    client: createClient({
      baseUrl: url,
      headers: (asked) => boundHeaders({ token: accessToken, key: line.key }, asked),
    }),
    async renew() {
      const config = signingKeys === 'kept' ? line.config : (await startCommandLine(url)).config
      const tokens = await refresh({ config, DPoP: line.DPoP }, first)
      accessToken = tokens.access_token
    },
  }
}

/** Another browser of the same person, which remembers who they are. */
async function aBrowser(url: string): Promise<Browser> {
  const browser = new Browser()
  const page = await browser.open(`${url}/sign-in`)
  await browser.submit(page, '/sign-in', { email: ana.email, password: ana.password })
  return browser
}

async function signInToDashboard(url: string, browser: Browser): Promise<void> {
  const before = browser.cookie(sessionCookie)
  const { status } = await browser.open(`${url}/sign-in`)
  const cookie = browser.cookie(sessionCookie)
  if (status !== 200 || cookie === before) throw new Error(`It answered ${status}.`)
  const headers = { cookie: `${sessionCookie}=${cookie}` }
  await createClient({ baseUrl: url, headers: () => headers }).call(sessions.whoami, {})
}

/** Reads a log as a browser does: where the stream ends before the log does, on from where it was, a second later. */
async function follow(client: Client, orgId: string, buildId: string): Promise<void> {
  for (let from = 0; ; await sleep(1000)) {
    const asked = { params: { orgId, buildId }, query: { from } }
    for await (const { id, event } of client.stream(builds.log, asked)) {
      if (event.type === 'end') return
      if (id !== undefined) from = Number(id)
    }
  }
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? ` (${String(error.code)})` : ''
  const cause = error.cause === undefined ? '' : `, since ${inWords(error.cause)}`
  return `${new Date().toISOString()} ${error.message}${code}${cause}`
}
