import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NorrixServer } from '@norrix/server/server'
import { startNorrix } from '../kit/norrix.ts'
import { claim } from '../kit/people.ts'
import { dead, keys, machines, people, strangers, type Caller } from './callers.ts'
import type { KnownFields } from './example.ts'
import { furnish, type Things } from './furnish.ts'
import { openLedger, type Ledger } from './ledger.ts'
import { signUp } from './sign-up.ts'

export type { Caller } from './callers.ts'

/** Two organizations with everything in them, and everybody who could ask for it. */
export interface World {
  readonly server: NorrixServer
  readonly log: readonly string[]
  readonly ledger: Ledger
  readonly callers: readonly Caller[]
  /** Path parameters, by name. */
  readonly mine: Things
  readonly foreign: Things
  /** Ids of the right form that nothing has. */
  readonly absent: Things
  /** Everything that must never be seen in a log. */
  readonly secrets: readonly string[]
  stop(): Promise<void>
}

/** What a `bytes` body is filled with. */
export const payload = Buffer.from('not a real package, and nobody opens it here')

/** Bodies over this are refused; small, so that the sweep can be over it often. */
export const bytesMax = 64 * 1024

/** Right values of fields that a schema alone cannot give, by field name. */
export function knownFields(things: Things): KnownFields {
  return {
    ...things,
    sha256: createHash('sha256').update(payload).digest('hex'),
    contentType: 'application/zip',
    platform: 'android',
    name: 'sweep.zip',
    // The log of the fixtures' build ends there.
    offset: 6,
  }
}

/** Optional fields that the sweep always sends: a log that is followed would not end. */
export const alwaysSent: KnownFields = { follow: 'false' }

export async function startWorld(): Promise<World> {
  const distribution = mkdtempSync(join(tmpdir(), 'norrix-sweep-'))
  // Stands for the packed command line: the sweep looks at how it leaves, not at what it does.
  writeFileSync(join(distribution, 'norrix-cli.tgz'), payload)
  const norrix = await startNorrix({
    signUp: { kind: 'open' },
    limits: { sourceBytes: bytesMax, artifactBytes: bytesMax },
    distribution,
  })
  const { prod: server, log } = norrix
  const ledger = await openLedger(norrix.database())
  const owner = await claim(server)
  const stranger = await signUp(server, 'stranger@example.com')
  const here = await furnish(server, owner)
  const there = await furnish(server, stranger)
  const callers = [
    ...strangers(server),
    ...(await people(server, ledger, { owner, stranger })),
    ...(await keys({ owner, stranger })),
    ...machines(here, there),
    ...(await dead(server, ledger, owner, here.lostLease)),
  ]
  await keepLeases(ledger)
  await ledger.keep()
  return {
    server,
    log,
    ledger,
    callers,
    mine: here.things,
    foreign: there.things,
    absent: Object.fromEntries(
      Object.entries(here.things).map(([name, id]) => [name, `${id.split('_')[0]}_Absent0000`]),
    ),
    secrets: [
      ...callers.flatMap(({ headers }) => [headers['authorization'], headers['cookie']]),
      owner.password,
      stranger.password,
      here.lostLease,
    ].flatMap((text = '') => text.split(/[ =]/).filter((word) => word.length >= 20)),
    async stop() {
      await ledger.close()
      await norrix.stop()
      rmSync(distribution, { recursive: true })
    },
  }
}

/** What is over has run out as well, and what is not may not run out while the sweep goes on. */
async function keepLeases(ledger: Ledger): Promise<void> {
  const later = Date.now() + 3_600_000
  await ledger.run('update leases set expires_at = ended_at where ended_at is not null')
  await ledger.run('update leases set expires_at = ? where ended_at is null', later)
  await ledger.run(`update jobs set lease_until = ? where state = 'running'`, later)
}
