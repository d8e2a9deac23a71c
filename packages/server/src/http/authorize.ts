import type { IncomingMessage } from 'node:http'
import { decide, type Caller } from '@norrix/contract/access.policy'
import type { Operation } from '@norrix/contract/operation'
import { readCredential } from './credential.ts'
import type { ListenerFacts, MountOptions } from './mounted.ts'
import type { Authenticators, Credential, Principal } from './principal.ts'
import { refuse } from './refusals.ts'

/**
 * Who asks, and whether they may. What is for everybody is so for the holder of a dead credential too: none is looked at.
 *
 * The credential is read once, and looked up each time the result is called: streams and long uploads do so again.
 *
 * @throws the fault that says why not, and so does what it returns
 */
export function authorizer(
  options: MountOptions,
  operation: Operation,
  params: Record<string, string>,
  req: IncomingMessage,
  facts: ListenerFacts,
): () => Promise<Principal> {
  if (operation.access.kind === 'public') return async () => ({ kind: 'nobody' })
  const credential = readCredential(carrierOf(req, facts.url), options.cookieName)
  return async () => {
    const principal = await identify(options.authenticators, credential, facts)
    const caller = await toCaller(options.authenticators, operation, principal, params['orgId'])
    const verdict = decide(operation.access, caller, params)
    if (!verdict.allowed) throw refuse(verdict.code, operation, principal, options.publicUrl)
    return principal
  }
}

/** What `readCredential` reads. @param url on the public origin */
export function carrierOf({ headers, method = 'GET' }: IncomingMessage, url: URL) {
  const { authorization, cookie, dpop } = headers
  return { authorization, cookie, dpop: typeof dpop === 'string' ? dpop : undefined, method, url }
}

async function identify(
  look: Authenticators,
  credential: Credential,
  facts: ListenerFacts,
): Promise<Principal> {
  switch (credential.kind) {
    case 'none':
      return { kind: 'nobody' }
    case 'access-token':
      return look['access-token'](credential, facts)
    case 'cookie':
      return look.cookie(credential, facts)
    case 'api-key':
      return look['api-key'](credential, facts)
    case 'runner-token':
      return look['runner-token'](credential, facts)
    case 'lease-token':
      return look['lease-token'](credential, facts)
  }
}

async function toCaller(
  look: Authenticators,
  operation: Operation,
  principal: Principal,
  orgId: string | undefined,
): Promise<Caller> {
  if (principal.kind !== 'session') return principal
  const inOrg = operation.access.kind === 'org' && orgId !== undefined
  const role = inOrg ? await look.roleOf(principal.accountId, orgId) : undefined
  return { kind: 'session', roleIn: (asked) => (asked === orgId ? role : undefined) }
}
