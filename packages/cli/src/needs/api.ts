import { createClient, type Client } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { ShownFault } from '../io/fault-text.ts'
import type { SessionRecord } from '../home/sessions.ts'
import type { Credential } from './credential.ts'
import type { Environment } from './environment.ts'
import type { Basics } from './basics.ts'
import { ask } from './http.ts'
import { boundHeaders } from './proof.ts'
import { isAccessOver, refreshSession } from './refresh.ts'

/**
 * A client whose every request carries the credential, to the environment's origin alone (product ruling 8).
 *
 * @throws Fault no_server
 */
export function apiFor(environment: Environment, credential: Credential, basics: Basics): Client {
  if (credential.kind === 'session') {
    return sessionClient(credential.record, environment, basics)
  }
  if (!environment.server) throw noServer(environment.name, 'key')
  return createClient({
    baseUrl: environment.server.origin,
    fetch: ask,
    headers: () => ({ ...agent(basics), Authorization: `Bearer ${credential.text}` }),
  })
}

/** Names the command line to the server: for "last used", and so that it can be told when it is too old. */
export function agent({ around }: Pick<Basics, 'around'>): Record<string, string> {
  return {
    'User-Agent': `norrix/${around.version} (${around.platform}; node ${around.nodeVersion})`,
  }
}

/** @param missing what the caller has: a key needs an address, a person signs in */
export function noServer(environment: string, missing: 'key' | 'sign-in'): Fault {
  const url = 'https://norrix.example.com'
  const flag =
    environment === 'prod' ? '' : environment === 'dev' ? ' --dev' : ` --env ${environment}`
  if (missing === 'key') {
    return new Fault('no_server', {
      message: `No Norrix server is set up for ${environment}, so there is nowhere to send the API key.`,
      fix: `set NORRIX_API_URL, such as NORRIX_API_URL=${url}`,
    })
  }
  return new ShownFault('no_server', {
    message: `No Norrix server is set up for ${environment}, and none runs on this machine.`,
    fix: `norrix sign-in ${url}${flag}, or in a clone of Norrix: npm start`,
    fixInEvidence: true,
    evidence: [
      { label: 'your team has one', text: `norrix sign-in ${url}${flag}` },
      { label: 'try it here', text: 'in a clone of Norrix: npm start' },
    ],
  })
}

function sessionClient(first: SessionRecord, environment: Environment, basics: Basics): Client {
  const { sessions, around, paths } = basics
  let record = first
  const refresh = async (): Promise<void> => {
    record = await refreshSession(record, {
      environment: environment.name,
      sessions,
      lockPath: `${paths.session(environment.name)}.lock`,
      now: around.now,
    })
  }
  return createClient({
    baseUrl: new URL(first.issuer).origin,
    fetch: ask,
    headers: async (asked) => {
      if (isAccessOver(record, around.now())) await refresh()
      return { ...agent(basics), ...boundHeaders(asked, record, around.now()) }
    },
    // A refused proof may mean that a clock is wrong: what renews the token learns the time too.
    renew: async ({ code }) => {
      if (code !== 'session_ended' && code !== 'proof_invalid') return false
      await refresh()
      return true
    },
  })
}
