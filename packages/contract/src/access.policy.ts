/**
 * Who may do what. Pure: no imports, no I/O, so that server, CLI and dashboard decide alike.
 */

/** What a person is in an organization, strongest first. */
export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

/** What an API key may be made for (product ruling 5). */
export const scopes = ['build', 'submit', 'update'] as const
export type Scope = (typeof scopes)[number]

/**
 * What an operation asks of its caller. An operation without one stops the server from starting.
 *
 * - `public`: nobody in particular.
 * - `person`: any signed-in person; never a key.
 * - `holder`: any signed-in person or any valid key.
 * - `org`: in the organization that the path's `{orgId}` names: a member of at least `role`,
 *   or a key of that organization with one of `scopes` (`any`: every valid key, `none`: no key).
 * - `runner`: a runner's own token. `lease`: the token of one lease.
 */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'person' }
  | { readonly kind: 'holder' }
  | {
      readonly kind: 'org'
      readonly role: Role
      readonly scopes: readonly Scope[] | 'any' | 'none'
    }
  | { readonly kind: 'runner' }
  | { readonly kind: 'lease' }

/** Who is asking, as far as access is concerned. */
export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'session'; readonly roleIn: (orgId: string) => Role | undefined }
  | { readonly kind: 'key'; readonly orgId: string; readonly scopes: readonly Scope[] }
  | { readonly kind: 'runner' }
  | { readonly kind: 'lease'; readonly leaseId: string }

/** Yes, or the code of the fault that says why not. */
export type Verdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false
      readonly code:
        | 'unauthenticated'
        | 'not_found'
        | 'role_missing'
        | 'scope_missing'
        | 'key_not_allowed'
        | 'org_mismatch'
        | 'wrong_credential'
    }

const yes: Verdict = { allowed: true }
type Refusal = Extract<Verdict, { allowed: false }>['code']
const no = (code: Refusal): Verdict => ({ allowed: false, code })

/**
 * Decides one request. Deny by default: whatever is not named is refused.
 *
 * @param path the path's parameters: `orgId` for `org`, `leaseId` for `lease`
 */
export function decide(
  access: Access,
  caller: Caller,
  path: { readonly orgId?: string | undefined; readonly leaseId?: string | undefined },
): Verdict {
  if (access.kind === 'public') return yes
  if (caller.kind === 'nobody') return no('unauthenticated')
  switch (access.kind) {
    case 'person':
      if (caller.kind === 'session') return yes
      return no(caller.kind === 'key' ? 'key_not_allowed' : 'wrong_credential')
    case 'holder':
      return caller.kind === 'session' || caller.kind === 'key' ? yes : no('wrong_credential')
    case 'org':
      return decideInOrg(access, caller, path.orgId)
    case 'runner':
      return caller.kind === 'runner' ? yes : no('wrong_credential')
    case 'lease':
      if (caller.kind !== 'lease') return no('wrong_credential')
      return caller.leaseId === path.leaseId ? yes : no('not_found')
  }
}

function decideInOrg(
  access: Extract<Access, { kind: 'org' }>,
  caller: Caller,
  orgId: string | undefined,
): Verdict {
  if (orgId === undefined) return no('not_found')
  if (caller.kind === 'session') {
    const role = caller.roleIn(orgId)
    // Another organization's thing is "not found" (ruling 10).
    if (role === undefined) return no('not_found')
    return atLeast(role, access.role) ? yes : no('role_missing')
  }
  if (caller.kind !== 'key') return no('wrong_credential')
  // A key acts in its own organization only and is told so, never silently redirected (ruling 4).
  if (caller.orgId !== orgId) return no('org_mismatch')
  if (access.scopes === 'none') return no('key_not_allowed')
  if (access.scopes === 'any') return yes
  const { scopes: wanted } = access
  return caller.scopes.some((scope) => wanted.includes(scope)) ? yes : no('scope_missing')
}

/** Whether `role` includes everything that `wanted` may do. */
export function atLeast(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(wanted)
}
