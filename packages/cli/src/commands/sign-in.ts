import { hostname } from 'node:os'
import { createClient } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { sessions as operations } from '@norrix/contract/sessions.operations'
import { command } from '../command.ts'
import type { SessionRecord } from '../home/sessions.ts'
import { cleanLine } from '../io/clean.ts'
import { isAutomated } from '../io/terminal.ts'
import { parseDuration } from '../io/words.ts'
import { agent } from '../needs/api.ts'
import { ask } from '../needs/http.ts'
import { hasKey } from '../needs/credential.ts'
import type { Environment } from '../needs/environment.ts'
import { newerSentence, refuseIfTooOld } from '../needs/misfit.ts'
import { textOption } from '../needs/call.ts'
import type { Basics } from '../needs/basics.ts'
import { boundHeaders, type BoundToken } from '../needs/proof.ts'
import { prepareSignIn } from '../sign-in/authorize.ts'
import { listenForCallback } from '../sign-in/callback.ts'
import type { FoundServer } from '../sign-in/discover.ts'
import { endOnServer } from '../sign-in/end-session.ts'
import { endPatienceMs, keep, recordOf, type Whoami } from '../sign-in/keep.ts'
import { openBrowser } from '../sign-in/open-browser.ts'
import { report } from '../sign-in/report.ts'
import { findServer } from '../sign-in/server.ts'
import { waitForBrowser } from '../sign-in/wait.ts'

const timeoutDefault = '5m'

/** What is written down is only what the server has confirmed; until then an earlier session stays. */
export const signIn = command(['environment'], async ({ environment, ...basics }) => {
  refuseWithoutPerson(basics)
  await basics.sessions.prepare(environment.name)
  const before = await basics.sessions.read(environment.name).catch(() => undefined)
  const server = await findServer(environment, basics)
  refuseIfTooOld(server, basics.around)
  introduce(server, environment, before, basics)
  const { who, record } = await signInAt(server, basics)
  await keep(record, { server, environment }, basics)
  // The place of the earlier session is taken; on its server it ends too.
  if (before && before.session.id !== record.session.id) await endOnServer(before, endPatienceMs)
  await report(who, record, environment, basics)
})

function refuseWithoutPerson({ around, call }: Basics): void {
  const isAlone =
    call.options['nonInteractive'] === true ||
    around.stdin.isTTY !== true ||
    isAutomated(around.env)
  if (!isAlone || call.options['browser'] === false) return
  throw new Fault('no_terminal', {
    message: 'Signing in takes a person at a terminal, and there is none.',
    fix: 'set NORRIX_API_KEY to an API key; with a browser elsewhere on this machine: --no-browser',
  })
}

function introduce(
  server: FoundServer,
  environment: Environment,
  before: SessionRecord | undefined,
  { io, around }: Basics,
): void {
  const newer = newerSentence(server, around)
  if (newer !== undefined) io.talk.marked('warning', newer)
  if (before && before.endedAt === null) {
    io.talk.marked(
      'warning',
      `You are signed in as ${before.account.email}; a new sign-in takes its place.`,
    )
  }
  if (hasKey(around.env)) {
    io.talk.marked(
      'warning',
      'NORRIX_API_KEY is set and goes before any session until you unset it.',
    )
  }
  const ways = server.signIn.length > 0 ? ` with ${server.signIn.join(' or ')}` : ''
  io.talk.line(`Signing in to ${environment.name} (${server.origin})${ways}.`)
}

interface SignedIn {
  readonly who: Whoami
  readonly record: SessionRecord
}

async function signInAt(server: FoundServer, basics: Basics): Promise<SignedIn> {
  const { around, io, call } = basics
  const timeoutMs = readTimeout(textOption(call, 'timeout') ?? timeoutDefault)
  const authorization = await prepareSignIn(server.origin, deviceName())
  const state = authorization.newState()
  const port = readPort(textOption(call, 'callbackPort'))
  const listener = await listenForCallback({ state, ...(port !== undefined && { port }) })
  try {
    const attempt = await authorization.begin({ redirectUri: listener.redirectUri, state })
    const opens = call.options['browser'] !== false
    io.talk.line(
      opens
        ? 'Your browser should open. If it does not, visit:'
        : 'Open this in a browser on this machine:',
    )
    io.talk.line(`  ${attempt.url.href}`)
    if (opens) void openBrowser(attempt.url, around)
    const isTerminal = around.stderr.isTTY === true
    const arrival = await waitForBrowser(listener, {
      timeoutMs,
      signal: around.signal,
      io,
      isTerminal,
    })
    try {
      const tokens = await attempt.exchange(arrival)
      const who = await whoIs(server.origin, tokens, basics)
      const record = recordOf(
        { origin: server.origin, tokens, endpoints: authorization, who },
        around.now(),
      )
      await arrival.answer({ redirect: `${server.origin}/signed-in` })
      return { who, record }
    } catch (error) {
      await arrival.answer({
        text: 'You are not signed in. The terminal says why; you can close this page.\n',
      })
      throw error
    }
  } finally {
    await listener.close()
  }
}

async function whoIs(origin: string, tokens: BoundToken, basics: Basics): Promise<Whoami> {
  const api = createClient({
    baseUrl: origin,
    fetch: ask,
    headers: (asked) => ({ ...agent(basics), ...boundHeaders(asked, tokens, basics.around.now()) }),
  })
  return api.call(operations.whoami, { signal: basics.around.signal })
}

/** As people know the machine; what is no name there is left out. */
function deviceName(): string {
  return (
    cleanLine(hostname().replace(/\.(?:local|lan|home|localdomain)$/i, '')).slice(0, 64) ||
    'this machine'
  )
}

function readTimeout(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds !== undefined && milliseconds >= 1000 && milliseconds <= 3_600_000)
    return milliseconds
  throw new Fault('usage', {
    message: `--timeout is not a length of time: ${text}`,
    fix: 'use 1s to 1h, such as 5m',
  })
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw new Fault('usage', {
    message: `--callback-port is not a port: ${text}`,
    fix: 'use 1 to 65535',
  })
}
