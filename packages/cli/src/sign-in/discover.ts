import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import { createClient } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { service } from '@norrix/contract/service.operations'
import { servedBy, type VersionRange } from '@norrix/contract/versions.policy'
import { isObject } from '../home/json-file.ts'
import { ask } from '../needs/http.ts'
import { isLoopback } from '../needs/environment.ts'

/** A server, as it describes itself. */
export interface FoundServer {
  readonly kind: EnvironmentKind
  /** Its origin: the issuer of its tokens, and the only place they go. */
  readonly origin: string
  readonly name: string
  readonly version: string
  /** The command lines that it serves. */
  readonly cli: VersionRange
  /** How people prove who they are there. */
  readonly signIn: readonly string[]
  readonly sibling: { readonly kind: EnvironmentKind; readonly origin: string } | null
}

/**
 * Asks an address what it is (product ruling 13).
 *
 * @throws Fault network, not_norrix when it is no Norrix server or names another address as its own
 */
export async function discover(origin: string, signal: AbortSignal): Promise<FoundServer> {
  const answer: unknown = await createClient({ baseUrl: origin, fetch: ask }).call(
    service.discover,
    { signal },
  )
  const found = readServer(answer)
  if (!found) throw notNorrix(origin, 'describes itself in a way that no Norrix server does')
  if (!isSamePlace(new URL(origin), new URL(found.origin))) {
    throw new Fault('not_norrix', {
      message: `${origin} says that its address is ${found.origin}. Nothing was sent there.`,
      fix: `if that is your server: norrix sign-in ${found.origin}`,
    })
  }
  return found
}

/** One of the two environments that `npm start` serves on this machine, if it runs. */
export async function findLocal(
  kind: EnvironmentKind,
  signal: AbortSignal,
): Promise<FoundServer | undefined> {
  const origin = `http://localhost:${kind === 'prod' ? 4400 : 4401}`
  const soon = AbortSignal.any([signal, AbortSignal.timeout(2000)])
  const found = await discover(origin, soon).catch(() => undefined)
  if (signal.aborted) throw signal.reason
  return found?.kind === kind ? found : undefined
}

/** The server answers for the address that was typed; the names of this machine count as one. */
function isSamePlace(typed: URL, named: URL): boolean {
  if (typed.origin === named.origin) return true
  const sameDoor = typed.port === named.port && typed.protocol === named.protocol
  return sameDoor && isLoopback(typed) && isLoopback(named)
}

function readServer(value: unknown): FoundServer | undefined {
  if (!isObject(value)) return undefined
  const { kind, issuer, name, version, cli, signIn, sibling } = value
  const origin = originOf(issuer)
  if (!isKind(kind) || !origin || typeof name !== 'string' || !Array.isArray(signIn))
    return undefined
  const ways = signIn.filter((way): way is string => typeof way === 'string')
  if (typeof version !== 'string') return undefined
  const served = readRange(cli) ?? servedBy(version)
  return { kind, origin, name, version, cli: served, signIn: ways, sibling: readSibling(sibling) }
}

function readRange(value: unknown): VersionRange | undefined {
  if (!isObject(value)) return undefined
  const { from, below } = value
  return typeof from === 'string' && typeof below === 'string' ? { from, below } : undefined
}

function readSibling(value: unknown): FoundServer['sibling'] {
  if (!isObject(value) || !isKind(value['kind'])) return null
  const origin = originOf(value['url'])
  return origin ? { kind: value['kind'], origin } : null
}

/** The origin of an address that a credential may go to, else undefined. */
function originOf(text: unknown): string | undefined {
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined
  const url = new URL(text)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url))
  return isSafe && url.username === '' && url.password === '' ? url.origin : undefined
}

function isKind(value: unknown): value is EnvironmentKind {
  return value === 'prod' || value === 'dev'
}

function notNorrix(origin: string, what: string): Fault {
  return new Fault('not_norrix', {
    message: `${origin} ${what}.`,
    fix: 'check the address with whoever runs your server',
  })
}
