import { setTimeout as sleep } from 'node:timers/promises'
import { keptConnections, type Answered, type KeptConnections } from './kept-connections.ts'
import type { FleetServer } from './two-servers.ts'

/** Clients that go on asking two servers while what they ask with is revoked, one after another. */

export const kinds = ['key', 'token', 'cookie'] as const
export type Kind = (typeof kinds)[number]

export interface Revocable {
  /** What one request to `/api/whoami` carries. */
  headers(): Promise<Readonly<Record<string, string>>>
  /** Resolves once this server has answered that it is done. */
  revoke(at: FleetServer): Promise<void>
}

/** Makes one credential after another; each is revoked before the next is made. */
export interface Lane {
  readonly kind: Kind
  make(): Promise<Revocable>
}

export interface RevokingLoad {
  readonly servers: readonly [FleetServer, FleetServer]
  readonly lanes: readonly Lane[]
  readonly clients: number
  /** It ends when so many requests have been sent, and each lane has revoked so many credentials. */
  readonly requests: number
  readonly rounds: number
}

export interface Tally {
  readonly asked: Record<Kind, number>
  readonly refused: Record<Kind, number>
  readonly revoked: Record<Kind, number>
  /** Accepted although it began after the revoke was answered: each in words. */
  readonly late: string[]
  /** Refused by the server that did not revoke, of those that began after the answer. */
  refusedByOther: number
  /** Under way in the very moment of the answer: these may be accepted. */
  underWay: number
  connections: number
  seconds: number
  /** Processor time of the clients alone. */
  cpuSeconds: number
}

/** A credential must have been accepted so often by each server before it is revoked, and is asked with so often after. */
const before = 20
const after = 20

const codes: Readonly<Record<Kind, string>> = {
  key: 'key_revoked',
  token: 'session_ended',
  cookie: 'session_ended',
}

/** @throws Error at the first answer that is neither an acceptance nor the refusal of what is being revoked */
export async function loadWhileRevoking(load: RevokingLoad): Promise<Tally> {
  const crowd = new Crowd(load)
  try {
    await crowd.run()
    return crowd.tally
  } finally {
    crowd.leave()
  }
}

export function sentIn({ asked }: Tally): number {
  return kinds.reduce((sum, kind) => sum + asked[kind], 0)
}

/** One credential from its making to long after its end. Times are of this process's one monotonic clock. */
interface Life extends Revocable {
  readonly kind: Kind
  readonly accepted: [number, number]
  readonly askedAfter: [number, number]
  revokedBy?: number
  revokedAt?: number
}

class Crowd {
  readonly tally: Tally = {
    asked: { key: 0, token: 0, cookie: 0 },
    refused: { key: 0, token: 0, cookie: 0 },
    revoked: { key: 0, token: 0, cookie: 0 },
    late: [],
    refusedByOther: 0,
    underWay: 0,
    connections: 0,
    seconds: 0,
    cpuSeconds: 0,
  }
  readonly #load: RevokingLoad
  readonly #wires: readonly [KeptConnections, KeptConnections]
  /** Of each lane: the credential that lives, or has ended while the next is made. */
  readonly #shown: Life[] = []
  #waiting: { readonly isSo: () => boolean; readonly go: () => void }[] = []
  #turn = 0
  #isOver = false

  constructor(load: RevokingLoad) {
    const [a, b] = load.servers
    this.#load = load
    this.#wires = [keptConnections(a.origin), keptConnections(b.origin)]
  }

  async run(): Promise<void> {
    const began = performance.now()
    const cpu = process.cpuUsage()
    const clients = Array.from({ length: this.#load.clients }, () => this.#ask())
    const lanes = Promise.all(this.#load.lanes.map((lane, index) => this.#revoke(lane, index)))
    await Promise.all([lanes.finally(() => (this.#isOver = true)), ...clients])
    this.tally.seconds = (performance.now() - began) / 1000
    const { user, system } = process.cpuUsage(cpu)
    this.tally.cpuSeconds = (user + system) / 1e6
    this.tally.connections = this.#wires[0].opened + this.#wires[1].opened
  }

  leave(): void {
    this.#isOver = true
    for (const wire of this.#wires) wire.close()
  }

  async #ask(): Promise<void> {
    while (!this.#isOver) {
      const shown = this.#shown
      const turn = (this.#turn += 1)
      const life = shown[turn % shown.length]
      if (!life) {
        await sleep(10)
        continue
      }
      const at = (turn + Math.floor(turn / shown.length)) % 2 === 0 ? 0 : 1
      const startedAt = performance.now()
      const answer = await this.#wires[at].get('/api/whoami', () => life.headers())
      this.#judge(life, at, startedAt, answer)
      this.#wake()
    }
  }

  #judge(life: Life, at: 0 | 1, startedAt: number, { status, text }: Answered): void {
    const { kind, revokedAt, revokedBy } = life
    const isAfter = revokedAt !== undefined && startedAt > revokedAt
    this.tally.asked[kind] += 1
    if (isAfter) life.askedAfter[at] += 1
    else if (revokedAt !== undefined) this.tally.underWay += 1
    if (status === 200) {
      life.accepted[at] += 1
      if (isAfter) this.tally.late.push(late(life, at, startedAt - revokedAt))
      return
    }
    if (revokedBy === undefined || status !== 401 || JSON.parse(text).code !== codes[kind]) {
      throw new Error(`A ${kind} that nobody revoked was answered with ${status}: ${text}`)
    }
    this.tally.refused[kind] += 1
    if (isAfter && at !== revokedBy) this.tally.refusedByOther += 1
  }

  async #revoke(lane: Lane, index: number): Promise<void> {
    const { servers, requests, rounds } = this.#load
    const { kind } = lane
    for (let round = 0; round < rounds || sentIn(this.tally) < requests; round += 1) {
      const made = await lane.make()
      const life: Life = { ...made, kind, accepted: [0, 0], askedAfter: [0, 0] }
      this.#shown[index] = life
      await this.#until(() => life.accepted.every((count) => count >= before))
      life.revokedBy = (round + index) % 2
      await life.revoke(servers[life.revokedBy === 0 ? 0 : 1])
      life.revokedAt = performance.now()
      this.tally.revoked[kind] += 1
      await this.#until(() => life.askedAfter.every((count) => count >= after))
    }
  }

  #wake(): void {
    const over = this.#waiting.filter(({ isSo }) => isSo())
    if (over.length === 0) return
    this.#waiting = this.#waiting.filter((each) => !over.includes(each))
    for (const { go } of over) go()
  }

  #until(isSo: () => boolean): Promise<void> {
    return new Promise((go) => this.#waiting.push({ isSo, go }))
  }
}

function late({ kind, revokedBy }: Life, at: number, ms: number): string {
  const where = at === revokedBy ? 'the server that revoked it' : 'the other server'
  return `a ${kind} was accepted by ${where}, asked ${ms.toFixed(2)} ms after the revoke's answer`
}
