import { Fault, faultTable, type FaultCode, type FaultOptions } from '@norrix/contract/fault'
import { hang } from './layout.ts'
import type { Io } from './io.ts'

/** A labelled line of what is known about a fault. */
export interface Evidence {
  readonly label: string
  readonly text: string
}

export interface ShownFaultOptions extends FaultOptions {
  readonly evidence?: readonly Evidence[]
  /** Another way out than `fix`, said after it. */
  readonly otherwise?: Evidence
  /** The evidence says what to do already: `fix` is for JSON alone. */
  readonly fixInEvidence?: boolean
}

/** A fault with what this machine knows about it. */
export class ShownFault extends Fault {
  readonly evidence: readonly Evidence[]
  readonly otherwise: Evidence | undefined
  readonly fixInEvidence: boolean

  constructor(code: FaultCode, options: ShownFaultOptions) {
    super(code, options)
    this.evidence = options.evidence ?? []
    this.otherwise = options.otherwise
    this.fixInEvidence = options.fixInEvidence ?? false
  }
}

/** Whatever was thrown, as a fault that may be shown. */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error
  const text = error instanceof Error ? error.message : String(error)
  return new Fault('internal', {
    message: `norrix itself failed: ${text.split('\n')[0]}`,
    fix: 'try again; if it stays, report it with the output of NORRIX_DEBUG=1',
    cause: error,
  })
}

/**
 * Says a fault: what happened, the evidence, the fix, then code, request and exit code.
 *
 * @returns the exit code (product ruling 9)
 */
export function sayFault(io: Io, fault: Fault): number {
  const { exit } = faultTable[fault.code]
  if (io.isJson) {
    const { code, message, fix, requestId } = fault
    io.event({ error: { code, message, fix: fix ?? null, requestId: requestId ?? null } })
    return exit
  }
  io.talk.marked('failed', fault.message)
  const evidence = fault instanceof ShownFault ? [...fault.evidence] : []
  const hidden = fault instanceof ShownFault && fault.fixInEvidence
  if (fault.fix !== undefined && !hidden) evidence.push({ label: 'fix', text: fault.fix })
  if (fault instanceof ShownFault && fault.otherwise) evidence.push(fault.otherwise)
  const width = Math.max(0, ...evidence.map(({ label }) => label.length)) + 3
  for (const { label, text } of evidence) {
    text.split('\n').forEach((part, index) => {
      const margin = `  ${(index === 0 ? label : '').padEnd(width)}`
      for (const line of hang(margin, part)) io.talk.line(line)
    })
  }
  const request = fault.requestId === undefined ? [] : [fault.requestId]
  io.talk.line(`  ${[fault.code, ...request, `exit ${exit}`].join(' · ')}`)
  return exit
}

/** The chain of causes for NORRIX_DEBUG=1, with everything taken out that opens something. */
export function debugText(error: unknown): string {
  const lines: string[] = []
  for (let cause: unknown = error, depth = 0; cause !== undefined && depth < 8; depth++) {
    lines.push(cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(cause))
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return redact(lines.join('\ncaused by: '))
}

/** Takes keys, tokens and codes out of a text. */
export function redact(text: string): string {
  return text
    .replaceAll(/\bnr([xrlc])_[A-Za-z0-9+/=_-]{4,}/g, 'nr$1_[redacted]')
    .replaceAll(/\b(Bearer|DPoP)\s+[\w.~+/=-]{6,}/gi, '$1 [redacted]')
    .replaceAll(
      /\b(code|state|access_token|refresh_token|id_token|code_verifier)(["']?\s*[=:]\s*["']?)[^&\s"',}]+/gi,
      '$1$2[redacted]',
    )
}
