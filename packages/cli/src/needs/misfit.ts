import { Fault } from '@norrix/contract/fault'
import { compareVersions, fitOf, type VersionRange } from '@norrix/contract/versions.policy'
import type { Surroundings } from '../io/terminal.ts'
import { installLine, type InstallPlace } from './install-line.ts'

/** What this command line says when it and its server are too far apart. */

export interface ServerVersion {
  readonly origin: string
  readonly version: string
  /** The command lines that it serves. */
  readonly cli: VersionRange
}

type Own = InstallPlace & Pick<Surroundings, 'version'>

/** @throws Fault client_too_old */
export function refuseIfTooOld(server: ServerVersion, own: Own): void {
  const { origin, version, cli } = server
  if (fitOf(own.version, cli) !== 'too_old') return
  throw new Fault('client_too_old', {
    message: `This norrix is ${own.version}; ${origin} is ${version} and serves ${cli.from} or newer.`,
    fix: installLine(origin, own),
  })
}

/** A sentence where this command line is newer than the server serves. */
export function newerSentence(server: ServerVersion, own: Own): string | undefined {
  const { origin, version, cli } = server
  if (fitOf(own.version, cli) !== 'too_new') return undefined
  return `This norrix is ${own.version}, newer than ${origin} (${version}) serves. The matching one: ${installLine(origin, own)}`
}

/** A server's fault that comes from its being of another version, with what this machine knows about installing. */
export function explainMisfit(error: unknown, origin: string | undefined, own: Own): unknown {
  if (!(error instanceof Fault) || origin === undefined) return error
  const { code, details, requestId } = error
  if (code === 'client_too_old') {
    const { message } = error
    return new Fault(code, { message, fix: installLine(origin, own), details, requestId })
  }
  const version = details?.['version']
  const isUnknown = code === 'unknown_operation' || code === 'method_not_allowed'
  if (!isUnknown || typeof version !== 'string') return error
  if (compareVersions(own.version, version) <= 0) return error
  return new Fault('unknown_operation', {
    message: `${origin} is norrix ${version}, older than this norrix (${own.version}), and cannot do this yet.`,
    fix: `ask whoever runs the server to update it; what it can do: ${installLine(origin, own)}`,
    details,
    requestId,
    cause: error,
  })
}
