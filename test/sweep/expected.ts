import type { Access, Role, Scope } from '@norrix/contract/access.policy'
import type { FaultCode } from '@norrix/contract/fault'

/**
 * What the product promises about access, written down a second time: tables, and not a call of the policy that the server
 * decides by. Rulings 4, 5, 10 and 20.
 */

/** Whose credential a request carries, as far as the answer depends on it. */
export type Who =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'person'; readonly roles: Readonly<Record<string, Role>> }
  | { readonly kind: 'key'; readonly orgId: string; readonly scopes: readonly Scope[] }
  | { readonly kind: 'runner' }
  | { readonly kind: 'lease'; readonly leaseId: string }
  /** A credential that is no good: the fault it gets wherever one is asked for. */
  | { readonly kind: 'dead'; readonly code: FaultCode }

export type Expected = 'success' | FaultCode

type Alive = Exclude<Who['kind'], 'dead'>

const byKind: Readonly<Record<'person' | 'holder' | 'runner', Readonly<Record<Alive, Expected>>>> =
  {
    person: {
      nobody: 'unauthenticated',
      person: 'success',
      key: 'key_not_allowed',
      runner: 'wrong_credential',
      lease: 'wrong_credential',
    },
    holder: {
      nobody: 'unauthenticated',
      person: 'success',
      key: 'success',
      runner: 'wrong_credential',
      lease: 'wrong_credential',
    },
    runner: {
      nobody: 'unauthenticated',
      person: 'wrong_credential',
      key: 'wrong_credential',
      runner: 'success',
      lease: 'wrong_credential',
    },
  }

/** Which roles do what is asked of a role. */
const enough: Readonly<Record<Role, readonly Role[]>> = {
  owner: ['owner'],
  admin: ['owner', 'admin'],
  member: ['owner', 'admin', 'member'],
}

/** What a request with nothing else wrong in it gets. `params` are those of the path. */
export function expectedOf(
  access: Access,
  who: Who,
  params: Readonly<Record<string, string>>,
): Expected {
  // What is for everybody is for people with an old cookie or a dead key too.
  if (access.kind === 'public') return 'success'
  if (who.kind === 'dead') return who.code
  if (access.kind === 'org') return inOrg(access, who, params['orgId'] ?? '')
  if (access.kind !== 'lease') return byKind[access.kind][who.kind]
  if (who.kind === 'nobody') return 'unauthenticated'
  if (who.kind !== 'lease') return 'wrong_credential'
  return who.leaseId === params['leaseId'] ? 'success' : 'not_found'
}

function inOrg(
  access: Extract<Access, { kind: 'org' }>,
  who: Exclude<Who, { kind: 'dead' }>,
  orgId: string,
): Expected {
  if (who.kind === 'nobody') return 'unauthenticated'
  if (who.kind === 'runner' || who.kind === 'lease') return 'wrong_credential'
  if (who.kind === 'person') {
    const role = who.roles[orgId]
    if (role === undefined) return 'not_found'
    return enough[access.role].includes(role) ? 'success' : 'role_missing'
  }
  if (who.orgId !== orgId) return 'org_mismatch'
  if (access.scopes === 'none') return 'key_not_allowed'
  if (access.scopes === 'any') return 'success'
  const wanted = new Set<string>(access.scopes)
  return who.scopes.some((scope) => wanted.has(scope)) ? 'success' : 'scope_missing'
}
