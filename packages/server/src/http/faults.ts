import { STATUS_CODES } from 'node:http'
import { Fault, faultTable, type FaultBody } from '@norrix/contract/fault'
import { databaseTrouble } from '../kernel/db/trouble.ts'
import { proofAlgorithms } from './credential.ts'

/** Whatever was thrown, as a fault; what is not one becomes `internal` and tells the asker nothing. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const trouble = databaseTrouble(error)
  if (trouble) return trouble
  return new Fault('internal', {
    message: 'The server failed on this request. Nothing is known to be lost.',
    fix: 'try again; if it stays, give the request id to whoever runs this server',
    cause: error,
  })
}

/** A fault as it travels (ruling 20). */
export function faultBody(fault: Fault, requestId: string): FaultBody {
  return {
    error: STATUS_CODES[faultTable[fault.code].status] ?? 'Error',
    message: fault.message,
    code: fault.code,
    requestId,
    ...(fault.fix === undefined ? {} : { fix: fault.fix }),
    ...(fault.details === undefined ? {} : { details: fault.details }),
  }
}

/** Headers that go with a fault: how to authenticate (RFC 6750 section 3, RFC 9449 section 7.1), and when to come back. */
export function faultHeaders(fault: Fault): Record<string, string> {
  const { status } = faultTable[fault.code]
  const algs = `algs="${proofAlgorithms.join(' ')}"`
  if (fault.code === 'proof_invalid') {
    return { 'WWW-Authenticate': `DPoP error="invalid_dpop_proof", ${algs}` }
  }
  if (status === 401) return { 'WWW-Authenticate': `Bearer, DPoP ${algs}` }
  // RFC 9110 section 15.5.22: what to upgrade to. It is the command line that is to be upgraded, not the protocol.
  if (status === 426) return { Upgrade: 'norrix' }
  if (status === 503 || status === 429) return { 'Retry-After': '5' }
  return {}
}
