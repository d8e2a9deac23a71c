import { Fault } from '@norrix/contract/fault'
import { noServer } from '../needs/api.ts'
import { readOrigin, type Environment } from '../needs/environment.ts'
import { textOption } from '../needs/call.ts'
import type { Basics } from '../needs/basics.ts'
import { discover, findLocal, type FoundServer } from './discover.ts'

/**
 * Where to sign in: what was typed, else what the environment names, else what runs on this machine (product ruling 13).
 *
 * @throws Fault usage, no_server, wrong_environment, network, not_norrix
 */
export async function findServer(environment: Environment, basics: Basics): Promise<FoundServer> {
  const { around, io } = basics
  const typed = typedOrigin(basics)
  const origin = typed ?? environment.server?.origin
  if (origin !== undefined) return checkKind(await discover(origin, around.signal), environment)
  const kind = environment.kind
  const found = kind && (await findLocal(kind, around.signal))
  if (!found) throw noServer(environment.name, 'sign-in')
  io.talk.line(
    `No server is set up for ${environment.name}; one runs on this machine at ${found.origin}.`,
  )
  return found
}

function typedOrigin({ call }: Basics): string | undefined {
  const [word] = call.words
  const flag = textOption(call, 'url')
  if (word !== undefined && flag !== undefined && word !== flag) {
    throw new Fault('usage', { message: 'Two addresses were given.', fix: 'give one' })
  }
  const text = flag ?? word
  return text === undefined ? undefined : readOrigin(text, 'The address')
}

/** A prod server never becomes dev, nor the other way round. */
export function checkKind(
  found: FoundServer,
  environment: Pick<Environment, 'name' | 'kind'>,
): FoundServer {
  if (environment.kind === undefined || environment.kind === found.kind) return found
  const flag = found.kind === 'dev' ? ' --dev' : ''
  throw new Fault('wrong_environment', {
    message: `${found.origin} is a ${found.kind} server; this command signs in to ${environment.name}.`,
    fix: `norrix sign-in ${found.origin}${flag}`,
  })
}
