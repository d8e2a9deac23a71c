import { Fault } from '@norrix/contract/fault'
import { fitOf, servedBy, versionOfAgent } from '@norrix/contract/versions.policy'

/** What this server is, for clients of another version. */
export interface OwnVersion {
  readonly version: string
  readonly publicUrl: string
}

/**
 * Refuses a command line that is too old for this server. One that is too new is served what it shares with the server.
 *
 * @throws Fault client_too_old
 */
export function refuseTooOld(agent: string, { version, publicUrl }: OwnVersion): void {
  const asking = versionOfAgent(agent)
  if (asking === undefined) return
  const served = servedBy(version)
  if (fitOf(asking, served) !== 'too_old') return
  throw new Fault('client_too_old', {
    message: `This norrix is ${asking}; the server is ${version} and serves ${served.from} or newer.`,
    fix: `npm install -g ${publicUrl}/cli.tgz`,
    details: { version, served },
  })
}

/** For an address under `/api/` that is none: a newer client may know it, and is told whom it asked. */
export function unknownOperation(version: string): Fault {
  return new Fault('unknown_operation', {
    message: `This server, norrix ${version}, has no such operation.`,
    fix: 'look the operation up in /api/openapi.json',
    details: { version },
  })
}
