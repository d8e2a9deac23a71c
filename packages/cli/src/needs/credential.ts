import {
  keyStartLength,
  likelyTypo,
  readKey,
  type EnvironmentKind,
} from '@norrix/contract/api-key-format.policy'
import { Fault } from '@norrix/contract/fault'
import { environmentFlag } from '../home/names.ts'
import type { SessionRecord, SessionStore } from '../home/sessions.ts'
import type { Io } from '../io/io.ts'
import type { Surroundings } from '../io/terminal.ts'
import type { Environment } from './environment.ts'

/** Who asks. */
export type Credential = KeyCredential | SessionCredential

export interface KeyCredential {
  readonly kind: 'key'
  readonly text: string
  /** What of it may be shown. */
  readonly start: string
}

export interface SessionCredential {
  readonly kind: 'session'
  readonly record: SessionRecord
}

/**
 * The key where there is one, else the session. Nothing is sent.
 *
 * @throws Fault usage for a key with white space in it, wrong_environment for one that provably belongs elsewhere,
 *   not_signed_in, session_ended
 */
export async function resolveCredential(
  environment: Environment,
  around: Pick<Surroundings, 'env'>,
  sessions: SessionStore,
  io: Io,
): Promise<Credential> {
  const key = keyFrom(around.env)
  if (key === undefined) return { kind: 'session', record: await sessionFor(environment, sessions) }
  const start = key.slice(0, keyStartLength)
  const reading = readKey(key)
  if (reading.kind === 'well-formed') refuseOtherKind(reading.environment, environment)
  // A key that looks wrong is tried all the same: the server alone knows its keys (product ruling 3).
  if (reading.kind === 'mistyped') {
    io.talk.marked(
      'warning',
      `NORRIX_API_KEY looks mistyped: ${likelyTypo(key)}. It is tried all the same.`,
    )
  }
  if (reading.kind === 'not-a-key') {
    io.talk.marked(
      'warning',
      'NORRIX_API_KEY does not begin with nrx_, as API keys do. It is tried all the same.',
    )
  }
  return { kind: 'key', text: key, start }
}

/** Whether a key is set, good or bad. */
export function hasKey(env: Surroundings['env']): boolean {
  return Boolean(env['NORRIX_API_KEY']?.trim())
}

/**
 * The key in the environment; undefined where there is none. What copying adds at the ends is taken off (threat T53).
 *
 * @throws Fault usage
 */
export function keyFrom(env: Surroundings['env']): string | undefined {
  const key = env['NORRIX_API_KEY']?.replaceAll(/^[\s\uFEFF"']+|[\s\uFEFF"']+$/g, '')
  if (!key) return undefined
  if (/^[\x21-\x7e]+$/.test(key)) return key
  throw new Fault('usage', {
    message: /\s/.test(key)
      ? 'NORRIX_API_KEY has white space in it; perhaps it holds two things.'
      : 'NORRIX_API_KEY holds characters that no key has.',
    fix: 'set it to the key alone, as it was copied',
  })
}

function refuseOtherKind(kind: EnvironmentKind, environment: Environment): void {
  if (environment.kind === undefined || environment.kind === kind) return
  const other =
    kind === 'dev' ? 'add --dev' : `leave${environmentFlag(environment.name) || ' NORRIX_ENV'} out`
  throw new Fault('wrong_environment', {
    message: `NORRIX_API_KEY is a ${kind} key; this command talks to ${environment.name}. Nothing was sent.`,
    fix: `${other}, or use a ${environment.kind} key`,
  })
}

/**
 * The session of an environment, as far as this machine knows it.
 *
 * @throws Fault not_signed_in, session_ended
 */
export async function sessionFor(
  environment: Environment,
  sessions: SessionStore,
): Promise<SessionRecord> {
  const record = await sessions.read(environment.name)
  const fix = `norrix sign-in${environment.flag}; without a person there: set NORRIX_API_KEY`
  if (!record) {
    throw new Fault('not_signed_in', {
      message: `You are not signed in to ${environment.name}.`,
      fix,
    })
  }
  if (record.endedAt !== null) {
    throw new Fault('session_ended', {
      message: `Your session as ${record.account.email} on ${environment.name} is over: signed out elsewhere, revoked or expired.`,
      fix,
    })
  }
  const origin = new URL(record.issuer).origin
  if (environment.server && environment.server.origin !== origin) {
    throw new Fault('not_signed_in', {
      message: `Your session for ${environment.name} belongs to ${origin}, and ${environment.server.because} names ${environment.server.origin}. Nothing was sent.`,
      fix: 'unset NORRIX_API_URL, or set NORRIX_API_KEY for that server',
    })
  }
  return record
}
