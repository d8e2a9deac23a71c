import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { Fault } from '@norrix/contract/fault'
import type { RandomBytes } from '../../../kernel/secrets.ts'

/**
 * Passwords at rest: scrypt (RFC 7914) with N = 2^16, r = 8, p = 2, which takes 64 MiB and some 0.4 s of one core. The
 * cost stands in each hash, so that it can be raised without locking anybody out.
 */
export interface Passwords {
  hash(password: string): Promise<string>
  /**
   * Whether the password belongs to the hash. For an unknown person pass `undefined`: the same work is done against a
   * hash that nothing matches, so that the time says nothing (T59).
   */
  matches(password: string, hash: string | undefined): Promise<boolean>
}

/** scrypt's parameters; `log2N` 16 is N = 65,536. */
export interface PasswordCost {
  readonly log2N: number
  readonly r: number
  readonly p: number
}

/** What every server uses. Tests that sign in hundreds of times bring a lighter one. */
export const passwordCost: PasswordCost = { log2N: 16, r: 8, p: 2 }
const hashBytes = 32

/** At once; more would only take memory from each other. */
const workersMax = 2
/** Waiting for a turn; above it the server says that it is busy instead of growing. */
const waitingMax = 40

export function createPasswords(
  random: RandomBytes = randomBytes,
  cost: PasswordCost = passwordCost,
): Passwords {
  const turn = createTurns()
  const nobody = format(cost, Buffer.alloc(16), Buffer.alloc(hashBytes))
  return {
    async hash(password) {
      const salt = Buffer.from(random(16))
      return format(cost, salt, await turn(() => derive(password, salt, cost)))
    },
    async matches(password, hash) {
      const stored = parse(hash ?? nobody)
      if (!stored) return false
      const derived = await turn(() => derive(password, stored.salt, stored.cost))
      return timingSafeEqual(derived, stored.hash) && hash !== undefined
    },
  }
}

function derive(password: string, salt: Buffer, { log2N, r, p }: PasswordCost): Promise<Buffer> {
  const N = 2 ** log2N
  return new Promise((resolve, reject) => {
    // NFC: the same password typed on another keyboard must give the same bytes (NIST SP 800-63B 5.1.1.2).
    const text = password.normalize('NFC')
    const limits = { N, r, p, maxmem: 2 * 128 * N * r }
    scrypt(text, salt, hashBytes, limits, (error, key) => (error ? reject(error) : resolve(key)))
  })
}

function format({ log2N, r, p }: PasswordCost, salt: Buffer, hash: Buffer): string {
  return `scrypt$${log2N}$${r}$${p}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

function parse(text: string): { cost: PasswordCost; salt: Buffer; hash: Buffer } | undefined {
  const found = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/.exec(text)
  if (!found) return undefined
  const [, log2N, r, p, salt = '', hash = ''] = found
  return {
    cost: { log2N: Number(log2N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  }
}

function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let working = 0
  return async (work) => {
    if (working >= workersMax) {
      if (waiting.length >= waitingMax) throw busy()
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else working += 1
    try {
      return await work()
    } finally {
      // The turn passes on without being given back in between, so that nobody can slip in.
      const next = waiting.shift()
      if (next) next()
      else working -= 1
    }
  }
}

function busy(): Fault {
  return new Fault('unavailable', {
    message: 'Too many people are signing in at this moment.',
    fix: 'wait a few seconds and try again',
  })
}
