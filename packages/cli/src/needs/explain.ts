import { Fault, type FaultCode } from '@norrix/contract/fault'
import { ShownFault, type Evidence } from '../io/fault-text.ts'
import { dateText } from '../io/words.ts'
import type { Credential, KeyCredential } from './credential.ts'
import type { Environment } from './environment.ts'

/**
 * Adds to a server's fault what only this machine knows: which key it was and where it came from. The server tells little
 * to the holder of a dead key (product ruling 20); nothing is added to that but the key's own beginning.
 */
export function explain(
  error: unknown,
  known: { readonly credential?: Credential; readonly environment?: Environment },
  now: Date,
): unknown {
  const { credential, environment } = known
  if (!(error instanceof Fault) || !credential || !environment) return error
  if (credential.kind === 'session') {
    if (error.code !== 'session_ended') return error
    return rewritten(error, { fix: `norrix sign-in${environment.flag}` })
  }
  const about: Evidence = { label: 'key', text: keyText(credential, environment) }
  switch (error.code) {
    case 'key_revoked':
      return rewritten(error, {
        message: `This API key was revoked${onDay(error, 'revokedAt', now)} and no longer works.`,
        evidence: [about],
      })
    case 'key_expired':
      return rewritten(error, {
        message: `This API key expired${onDay(error, 'expiredAt', now)} and no longer works.`,
        evidence: [about],
      })
    case 'key_invalid':
      return rewritten(error, {
        message: `${environment.server?.origin ?? environment.name} does not know this API key.`,
        evidence: [about],
      })
    // A bearer that does not look like a key could only be a session's token, and those come with a proof.
    case 'proof_invalid':
      return rewritten(error, {
        message: `${environment.server?.origin ?? environment.name} does not know this API key.`,
        fix: 'check NORRIX_API_KEY: API keys begin with nrx_',
        evidence: [about],
      })
    case 'wrong_environment':
      return rewritten(error, { evidence: [about] })
    case 'scope_missing':
      return rewritten(error, {
        evidence: [{ label: 'key', text: scopeText(error) ?? about.text }],
      })
    case 'org_mismatch':
    case 'key_not_allowed':
      return rewritten(error, { evidence: [about] })
    default:
      return error
  }
}

function keyText({ start }: KeyCredential, environment: Environment): string {
  return `${start}… from NORRIX_API_KEY, ${environment.name}`
}

function onDay(fault: Fault, name: string, now: Date): string {
  const at = fault.details?.[name]
  return typeof at === 'string' && !Number.isNaN(Date.parse(at))
    ? ` on ${dateText(new Date(at), now)}`
    : ''
}

function scopeText({ details }: Fault): string | undefined {
  const { keyId, keyName, scopes, needed } = details ?? {}
  if (!Array.isArray(scopes) || !Array.isArray(needed)) return undefined
  return `"${String(keyName)}" (${String(keyId)}) has ${scopes.join(', ')}; ${needed.join(' or ')} is needed`
}

function rewritten(
  fault: Fault,
  changes: {
    readonly message?: string
    readonly fix?: string
    readonly evidence?: readonly Evidence[]
  },
): Fault {
  const code: FaultCode = fault.code
  return new ShownFault(code, {
    message: changes.message ?? fault.message,
    fix: changes.fix ?? fault.fix,
    details: fault.details,
    requestId: fault.requestId,
    evidence: changes.evidence ?? (fault instanceof ShownFault ? fault.evidence : []),
    cause: fault,
  })
}
