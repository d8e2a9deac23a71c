import { createClient } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { sessions as operations } from '@norrix/contract/sessions.operations'
import { command } from '../command.ts'
import type { SessionRecord } from '../home/sessions.ts'
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
import type { FoundServer } from '../sign-in/discover.ts'
import { endOnServer } from '../sign-in/end-session.ts'
import { endPatienceMs, keep, recordOf, type Whoami } from '../sign-in/keep.ts'
import { report } from '../sign-in/report.ts'
import { findServer } from '../sign-in/server.ts'
import { placeOf, thisDevice } from '../sign-in/this-machine.ts'
import { chooseWay, type ChosenWay } from '../sign-in/way.ts'
import { canPaste } from '../sign-in/signing-in.ts'
import { signInBy } from '../sign-in/ways.ts'
import { finishSignOuts } from '../sign-out/finish.ts'

/** What is written down is only what the server has confirmed; until then an earlier session stays. */
export const signIn = command(['environment'], async ({ environment, ...basics }) => {
  const chosen = chooseWay(basics.call, placeOf(basics.around))
  refuseWithoutPerson(chosen, basics)
  await basics.sessions.prepare(environment.name)
  const before = await basics.sessions.read(environment.name).catch(() => undefined)
  const server = await findServer(environment, basics)
  refuseIfTooOld(server, basics.around)
  introduce(server, environment, before, basics)
  const { who, record } = await signInAt(server, chosen, basics)
  await keep(record, { server, environment }, basics)
  // The place of the earlier session is taken; on its server it ends too.
  if (before && before.session.id !== record.session.id) await endOnServer(before, endPatienceMs)
  await report(who, record, environment, basics)
  await finishSignOuts({ environment: environment.name, profile: basics.profile.name }, basics)
})

/** Who asks for a code or a listener by its flag has somebody at a browser; to paste takes one right here. */
function refuseWithoutPerson({ way, isAsked }: ChosenWay, basics: Basics): void {
  const isElsewhere = isAsked && way !== 'hand'
  if (isElsewhere || canPaste(basics)) return
  throw new Fault('no_terminal', {
    message: 'Signing in takes a person at a terminal, and there is none.',
    fix: 'set NORRIX_API_KEY to an API key; with a person at a browser: norrix sign-in --device',
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

async function signInAt(server: FoundServer, chosen: ChosenWay, basics: Basics): Promise<SignedIn> {
  const { origin } = server
  const { around, call } = basics
  const timeoutMs = readTimeout(textOption(call, 'timeout'))
  const port = readPort(textOption(call, 'callbackPort'))
  const authorization = await prepareSignIn(origin, thisDevice(around))
  return signInBy({
    server: authorization,
    origin,
    basics,
    chosen,
    timeoutMs,
    port,
    async confirm(tokens) {
      const who = await whoIs(origin, tokens, basics)
      const found = { origin, tokens, endpoints: authorization, who }
      return { who, record: recordOf(found, around.now()) }
    },
  })
}

async function whoIs(origin: string, tokens: BoundToken, basics: Basics): Promise<Whoami> {
  const api = createClient({
    baseUrl: origin,
    fetch: ask,
    headers: (asked) => ({ ...agent(basics), ...boundHeaders(asked, tokens, basics.around.now()) }),
  })
  return api.call(operations.whoami, { signal: basics.around.signal })
}

function readTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
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
