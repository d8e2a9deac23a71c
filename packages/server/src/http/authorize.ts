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
 * @throws the fault that says why not
 */
export async function authorize(
  options: MountOptions,
  operation: Operation,
  params: Record<string, string>,
  req: IncomingMessage,
  facts: ListenerFacts,
): Promise<Principal> {
  if (operation.access.kind === 'public') return { kind: 'nobody' }
  const { authorization, cookie } = req.headers
  const credential = readCredential({ authorization, cookie }, options.cookieName)
  const principal = await identify(options.authenticators, credential, facts)
  const caller = await toCaller(options.authenticators, operation, principal, params['orgId'])
  const verdict = decide(operation.access, caller, params)
  if (!verdict.allowed) throw refuse(verdict.code, operation, principal, options.publicUrl)
  return principal
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
