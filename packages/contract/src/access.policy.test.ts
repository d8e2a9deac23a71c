import { expect, test } from 'vitest'
import { atLeast, decide, roles, scopes, type Access, type Caller } from './access.policy.ts'

const nobody: Caller = { kind: 'nobody' }
const member = (role: (typeof roles)[number]): Caller => ({
  kind: 'session',
  roleIn: (orgId) => (orgId === 'org_mine' ? role : undefined),
})
const key = (...held: (typeof scopes)[number][]): Caller => ({
  kind: 'key',
  orgId: 'org_mine',
  scopes: held,
})
const mine = { orgId: 'org_mine' }
const verdict = (access: Access, caller: Caller, path = {}): string => {
  const decided = decide(access, caller, path)
  return decided.allowed ? 'yes' : decided.code
}

test('whoever brings no credential gets only what is public', () => {
  expect(verdict({ kind: 'public' }, nobody)).toBe('yes')
  for (const kind of ['person', 'holder', 'runner', 'lease'] as const) {
    expect(verdict({ kind }, nobody)).toBe('unauthenticated')
  }
  expect(verdict({ kind: 'org', role: 'member', scopes: 'any' }, nobody, mine)).toBe(
    'unauthenticated',
  )
})

test.each(roles.flatMap((has) => roles.map((wanted) => [has, wanted] as const)))(
  '%s where %s is wanted',
  (has, wanted) => {
    const access: Access = { kind: 'org', role: wanted, scopes: 'none' }
    const expected = roles.indexOf(has) <= roles.indexOf(wanted)
    expect(verdict(access, member(has), mine)).toBe(expected ? 'yes' : 'role_missing')
    expect(atLeast(has, wanted)).toBe(expected)
  },
)

test("another organization's thing is not found for a person", () => {
  const access: Access = { kind: 'org', role: 'member', scopes: 'any' }
  expect(verdict(access, member('owner'), { orgId: 'org_other' })).toBe('not_found')
  expect(verdict(access, member('owner'), {})).toBe('not_found')
})

test('a key is told, and refused, when another organization is named', () => {
  const access: Access = { kind: 'org', role: 'member', scopes: 'any' }
  expect(verdict(access, key('build', 'submit', 'update'), { orgId: 'org_other' })).toBe(
    'org_mismatch',
  )
})

test.each(scopes)('a key with %s does what that scope names and nothing else', (scope) => {
  for (const wanted of scopes) {
    const access: Access = { kind: 'org', role: 'member', scopes: [wanted] }
    expect(verdict(access, key(scope), mine)).toBe(scope === wanted ? 'yes' : 'scope_missing')
  }
  expect(verdict({ kind: 'org', role: 'member', scopes: 'none' }, key(scope), mine)).toBe(
    'key_not_allowed',
  )
  expect(verdict({ kind: 'person' }, key(scope))).toBe('key_not_allowed')
})

test("a lease opens its own build's operations only", () => {
  const lease: Caller = { kind: 'lease', leaseId: 'lease_a' }
  expect(verdict({ kind: 'lease' }, lease, { leaseId: 'lease_a' })).toBe('yes')
  expect(verdict({ kind: 'lease' }, lease, { leaseId: 'lease_b' })).toBe('not_found')
  expect(verdict({ kind: 'runner' }, lease)).toBe('wrong_credential')
  expect(verdict({ kind: 'org', role: 'member', scopes: 'any' }, lease, mine)).toBe(
    'wrong_credential',
  )
})
