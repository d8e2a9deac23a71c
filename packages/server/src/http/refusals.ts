import { Fault } from '@norrix/contract/fault'
import type { Operation } from '@norrix/contract/operation'
import type { Verdict } from '@norrix/contract/access.policy'
import type { Principal } from './principal.ts'

type Refusal = Extract<Verdict, { allowed: false }>['code']

/** The fault for a refused request: who asked, what they lack, and who can mend it. */
export function refuse(
  code: Refusal,
  operation: Operation,
  principal: Principal,
  publicUrl: string,
): Fault {
  switch (code) {
    case 'unauthenticated':
      return new Fault(code, {
        message: 'This needs a signed-in person or an API key.',
        fix: 'norrix sign-in, or set NORRIX_API_KEY',
      })
    case 'not_found':
      return notFound()
    case 'role_missing':
      return new Fault(code, {
        message: `Your role in this organization may not ${verb(operation)}.`,
        fix: 'ask an owner or admin of the organization',
      })
    case 'scope_missing':
      return scopeMissing(operation, principal, publicUrl)
    case 'key_not_allowed':
      return new Fault(code, {
        message: `No API key may ${verb(operation)}; that takes a signed-in person.`,
        fix: 'unset NORRIX_API_KEY, then norrix sign-in',
      })
    case 'org_mismatch':
      return new Fault(code, {
        message: 'This API key acts only in its own organization.',
        fix: 'leave --org out, or use a key of that organization',
      })
    case 'wrong_credential':
      return new Fault(code, {
        message: 'This kind of credential is not for this operation.',
        fix: 'use the credential that this operation documents',
      })
  }
}

export function notFound(): Fault {
  return new Fault('not_found', {
    message: 'There is no such thing here, or it is not yours.',
    fix: 'check the id and the organization',
  })
}

/** A path that exists says which methods it has (RFC 9110 section 15.5.6). */
export function methodNotAllowed(
  methods: readonly string[],
  { asked = 'nothing', version }: { readonly asked?: string | undefined; readonly version: string },
): Fault {
  return new Fault('method_not_allowed', {
    message: `This address takes ${methods.join(' and ')}, not ${asked}.`,
    fix: 'look the operation up in /api/openapi.json',
    details: { version },
  })
}

/** The value of `Allow`: whatever answers GET answers HEAD. */
export function allowedMethods(methods: readonly string[]): string {
  return methods.flatMap((each) => (each === 'GET' ? [each, 'HEAD'] : each)).join(', ')
}

/** The key has proven itself to be the holder's own, so it may be told about itself (auth E5). */
function scopeMissing(operation: Operation, principal: Principal, publicUrl: string): Fault {
  const { access } = operation
  const needed = access.kind === 'org' && Array.isArray(access.scopes) ? access.scopes : []
  const key = principal.kind === 'key' ? principal : undefined
  return new Fault('scope_missing', {
    message: `This API key may not ${verb(operation)}.`,
    fix: `an admin creates a key with ${needed.join(' or ')}: ${publicUrl}/settings/api-keys`,
    ...(key && {
      details: { keyId: key.keyId, keyName: key.name, scopes: key.scopes, needed },
    }),
  })
}

const verbs: Readonly<Record<string, string>> = {
  uploadSource: 'create',
  log: 'read the log of',
  download: 'download artifacts of',
  availability: 'create',
}
const nouns: Readonly<Record<string, string>> = {
  apiKeys: 'API keys',
  orgs: 'organizations',
  'runners.availability': 'builds',
}

/** `builds.create` as `create builds`. */
function verb({ id }: Operation): string {
  const [noun = '', action = ''] = id.split('.')
  return `${verbs[action] ?? action} ${nouns[id] ?? nouns[noun] ?? noun}`
}
