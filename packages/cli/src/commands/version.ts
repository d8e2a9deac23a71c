import { Fault } from '@norrix/contract/fault'
import { fitOf } from '@norrix/contract/versions.policy'
import { command } from '../command.ts'
import { resolveEnvironment, type Environment } from '../needs/environment.ts'
import type { Basics } from '../needs/basics.ts'
import { newerSentence, refuseIfTooOld } from '../needs/misfit.ts'
import { discover, type FoundServer } from '../sign-in/discover.ts'

/** A version is asked for when something is wrong: it never waits for long, and nothing but Ctrl-C makes it fail. */
const patienceMs = 1000

/** What became of asking the server. */
interface Asked {
  readonly environment?: Environment
  readonly server?: FoundServer
  readonly fault?: Fault
}

export const showVersion = command([], async (basics) => {
  const { io, around } = basics
  const asked = await ask(basics)
  const { environment, server, fault } = asked
  io.document(documentOf(asked, around.version))
  if (io.isJson) return
  const place =
    environment === undefined || environment.name === 'prod' ? '' : `${environment.name} `
  const theirs = server ? ` · ${place}server ${server.version} at ${server.origin}` : ''
  io.result.line(`norrix ${around.version}${theirs}`)
  const sentence = fault ? sentenceOf(fault) : server && newerSentence(server, around)
  if (sentence !== undefined) io.talk.marked('warning', sentence)
})

async function ask({ around, call, settings }: Basics): Promise<Asked> {
  let known: Asked = {}
  try {
    const environment = await resolveEnvironment(call, around, settings)
    known = { environment }
    if (!environment.server) return known
    const soon = AbortSignal.any([around.signal, AbortSignal.timeout(patienceMs)])
    const server = await discover(environment.server.origin, soon)
    known = { environment, server }
    refuseIfTooOld(server, around)
    return known
  } catch (error) {
    if (around.signal.aborted || !(error instanceof Fault)) throw error
    return { ...known, fault: error }
  }
}

function sentenceOf({ message, fix }: Fault): string {
  return fix === undefined ? message : `${message} To fix it: ${fix}`
}

function documentOf({ environment, server, fault }: Asked, version: string): object {
  return {
    version,
    environment: environment?.name ?? null,
    server: server
      ? {
          url: server.origin,
          version: server.version,
          cli: server.cli,
          fit: fitOf(version, server.cli),
        }
      : null,
    fault: fault ? { code: fault.code, message: fault.message, fix: fault.fix ?? null } : null,
  }
}
