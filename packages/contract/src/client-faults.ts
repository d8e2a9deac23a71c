import { Fault, isFaultCode } from './fault.ts'

/** What a request can end in, besides an answer that says yes. */

/** The fault that an answer carries; whatever is not of the contract's form came from no Norrix server. */
export async function faultOfAnswer(
  answer: { readonly status: number; json(): Promise<unknown> },
  origin: string,
): Promise<Fault> {
  const body = await answer.json().catch(() => undefined)
  if (!isRecord(body) || !isFaultCode(body['code']) || typeof body['message'] !== 'string') {
    return notNorrix(origin, `status ${answer.status} without a Norrix message`)
  }
  return new Fault(body['code'], {
    message: body['message'],
    fix: textIn(body, 'fix'),
    requestId: textIn(body, 'requestId'),
    details: isRecord(body['details']) ? body['details'] : undefined,
  })
}

/** @param what what came instead: goes after "answered with" */
export function notNorrix(origin: string, what: string, cause?: unknown): Fault {
  return new Fault('not_norrix', {
    message: `${hostOf(origin)} answered with ${what}: there is no Norrix server there, or something stands before it.`,
    fix: `open ${origin} in a browser, and check the address and any proxy`,
    cause,
  })
}

export function faultOfRedirect(origin: string, location: string | null): Fault {
  const target =
    location !== null && URL.canParse(location, origin) ? new URL(location, origin) : null
  const where = target === null ? 'elsewhere' : `to ${target.origin}`
  return new Fault('not_norrix', {
    message: `${hostOf(origin)} sends the request on ${where}; a credential is not taken along.`,
    fix: 'sign in at the address that the server itself names',
  })
}

/** A request that got no answer, or only half of one. */
export function unreachable(
  cause: unknown,
  origin: string,
  signal: AbortSignal | null | undefined,
): Fault {
  if (signal?.aborted && signal.reason instanceof Fault) return signal.reason
  const code = signal?.aborted ? 'aborted' : causeCode(cause)
  return new Fault('network', {
    message: `${hostOf(origin)} ${sentenceOf(code)}.`,
    fix: fixOf(code),
    details: { cause: code },
    cause,
  })
}

const sentences: Readonly<Record<string, string>> = {
  aborted: 'was not waited for any longer',
  ECONNREFUSED: 'refuses connections: no server listens there',
  ENOTFOUND: 'is not a name that the network knows',
  EAI_AGAIN: 'could not be looked up: the network has no name server',
  ECONNRESET: 'closed the connection in the middle',
  UND_ERR_SOCKET: 'closed the connection in the middle',
  ETIMEDOUT: 'did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'stopped answering',
  ENETUNREACH: 'cannot be reached from this network',
  EHOSTUNREACH: 'cannot be reached from this network',
  CERT_HAS_EXPIRED: 'has a certificate that has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'has a certificate that this machine does not trust',
  SELF_SIGNED_CERT_IN_CHAIN: 'has a certificate that this machine does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'has a certificate that this machine does not trust',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'has a certificate that this machine does not trust',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another name',
}

function sentenceOf(code: string): string {
  return sentences[code] ?? `could not be reached (${code})`
}

function fixOf(code: string): string {
  if (/CERT|SIGNATURE|ISSUER/.test(code))
    return 'name your authority in NODE_EXTRA_CA_CERTS, or check the clock'
  if (code === 'ECONNREFUSED') return 'start the server, or check the address'
  return 'check the network and the address, then try again'
}

/** The code of the error that lies deepest: fetch wraps it, and so does a try of several addresses. */
function causeCode(error: unknown): string {
  for (let inner: unknown = error, depth = 0; isRecord(inner) && depth < 5; depth++) {
    if (typeof inner['code'] === 'string') return inner['code']
    inner = Array.isArray(inner['errors']) ? inner['errors'][0] : inner['cause']
  }
  return 'no connection'
}

function hostOf(origin: string): string {
  return new URL(origin).host
}

function textIn(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name]
  return typeof value === 'string' ? value : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
