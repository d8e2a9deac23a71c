import type { FaultBody } from '@norrix/contract/fault'
import type { SentAnswer, SentRequest } from './wire.ts'

/** What was promised to somebody who heard it: it has to hold for ever. */
export interface Ledger {
  /** Builds whose queueing was acknowledged. */
  readonly queued: Set<string>
  /** Builds whose cancelling was acknowledged, and how: `cancelled` at once, or asked of the runner. */
  readonly cancelled: Map<string, 'cancelled' | 'asked' | 'too late'>
  /** The outcome that a lease was told it ended its build with. */
  readonly finished: Map<string, string>
  /** The end of the log that a lease was told. */
  readonly logged: Map<string, number>
  /** Names of artifacts that a lease was told are kept. */
  readonly uploaded: Map<string, Set<string>>
  /** When a lease's holder had asked for what renewed it last; a lease lives at least so long. */
  readonly renewed: Map<string, number>
  /** Runners whose removal was acknowledged. */
  readonly removed: Set<string>
  /** Requests that were answered, by status. */
  readonly statuses: Map<number, number>
}

export function openLedger(): Ledger {
  return {
    queued: new Set(),
    cancelled: new Map(),
    finished: new Map(),
    logged: new Map(),
    uploaded: new Map(),
    renewed: new Map(),
    removed: new Set(),
    statuses: new Map(),
  }
}

/** Writes down what a caller was told with success. */
export function recordHeard(
  ledger: Ledger,
  { method, target }: SentRequest,
  answer: SentAnswer,
  sentAt: number,
): void {
  ledger.statuses.set(answer.status, (ledger.statuses.get(answer.status) ?? 0) + 1)
  const [, removed] = /\/runners\/(\w+)$/.exec(target) ?? []
  if (method === 'DELETE' && answer.status === 204 && removed) ledger.removed.add(removed)
  if (answer.status !== 200 || method !== 'POST') return
  const path = target.split('?')[0] ?? ''
  const told = JSON.parse(answer.body.toString()) as Told // as: each field is one operation's, proven by its shape
  const [, leaseId = '', act = ''] = /^\/api\/leases\/(\w+)\/(\w+)$/.exec(path) ?? []
  if (path.endsWith('/builds')) ledger.queued.add(told.id)
  else if (path.endsWith('/cancel')) ledger.cancelled.set(told.id, cancelOf(told))
  else if (path.endsWith('/runner/lease') && told.lease) ledger.renewed.set(told.lease.id, sentAt)
  else if (act === 'heartbeat') ledger.renewed.set(leaseId, sentAt)
  else if (act === 'finish') ledger.finished.set(leaseId, told.state)
  else if (act === 'log') ledger.logged.set(leaseId, told.nextOffset)
  else if (act === 'artifacts') {
    ledger.uploaded.set(leaseId, (ledger.uploaded.get(leaseId) ?? new Set()).add(told.name))
  }
}

interface Told {
  readonly id: string
  readonly state: string
  readonly cancelRequested: boolean
  readonly nextOffset: number
  readonly name: string
  readonly lease: { readonly id: string } | null
}

function cancelOf({ state, cancelRequested }: Told): 'cancelled' | 'asked' | 'too late' {
  if (state === 'cancelled') return 'cancelled'
  return cancelRequested && state === 'running' ? 'asked' : 'too late'
}

/** Faults that a server may answer with in this world; anything else, `internal` above all, is a bug. */
const expected = new Set(['lease_lost', 'runner_unknown', 'not_found', 'unavailable', 'conflict'])

/** What is wrong with an answer; undefined when nothing is. */
export function wrongIn({ target }: SentRequest, answer: SentAnswer): string | undefined {
  if (answer.status < 400) return undefined
  const { code, message } = JSON.parse(answer.body.toString()) as FaultBody // as: every fault has this form
  return expected.has(code) ? undefined : `${target.split('?')[0]} was answered ${code}: ${message}`
}
