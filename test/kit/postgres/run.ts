import { spawn } from 'node:child_process'
import { mkdirSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { PostgresConfig } from '@norrix/server/kernel/db/database'
import { controlCluster } from './cluster.ts'

/** One PostgreSQL for a whole run of tests, started by the first test that asks: a run that needs none pays nothing. */

/** What the keeper says once the server is up. */
export interface Ready {
  readonly owner: PostgresConfig
  /** By TCP, with a password. */
  readonly remote: PostgresConfig
  /** An empty, migrated database to copy. */
  readonly template: string
  /** How the name of every database of this run begins. */
  readonly prefix: string
  /** Process id. */
  readonly keeper: number
}

const variable = 'NORRIX_TEST_POSTGRES_RUN'
const readyMs = 120_000

/** Vitest calls it once, before any worker is there to inherit the name. */
export function setup(): void {
  process.env[variable] = `${newFolder()}:${process.pid}`
}

function newFolder(): string {
  return join(tmpdir(), `norrix-run-${randomBytes(5).toString('hex')}`)
}

/** Vitest calls it once, at the end of the run. */
export async function teardown(): Promise<void> {
  await endIn(place().folder)
}

/** The run's server. Of several tests that ask at once one starts it, the others wait. */
export async function runningPostgres(): Promise<Ready> {
  const { folder, run } = place()
  return startIn(folder, run)
}

/** A server that one test has for itself, to stop it and start it again. */
export interface OwnPostgres extends Ready {
  stop(): Promise<void>
  start(): Promise<void>
  /** Ends it for good. */
  end(): Promise<void>
}

export async function ownPostgres(): Promise<OwnPostgres> {
  const folder = newFolder()
  const ready = await startIn(folder, `${process.pid}`)
  const files = join(folder, 'cluster')
  return {
    ...ready,
    stop: () => controlCluster(files, ['stop', '-m', 'immediate']),
    start: () => controlCluster(files, ['start']),
    end: () => endIn(folder),
  }
}

async function endIn(folder: string): Promise<void> {
  const ready = await readIn(folder, 'ready.json')
  if (ready === undefined) return
  const { keeper } = JSON.parse(ready) as Ready // written by the keeper
  process.kill(keeper, 'SIGTERM')
  while (await isThere(folder)) await sleep(20)
}

async function startIn(folder: string, run: string): Promise<Ready> {
  if (isMade(folder)) spawnKeeper(folder, run)
  for (const until = Date.now() + readyMs; Date.now() < until;) {
    const ready = await readIn(folder, 'ready.json')
    if (ready !== undefined) return JSON.parse(ready) as Ready // written by the keeper
    const failed = await readIn(folder, 'failed')
    if (failed !== undefined) throw new Error(`PostgreSQL for the tests did not start. ${failed}`)
    await sleep(20)
  }
  throw new Error(`PostgreSQL for the tests was not ready in ${readyMs / 1000} s.`)
}

function spawnKeeper(folder: string, run: string): void {
  const log = openSync(join(folder, 'keeper.log'), 'a')
  const keeper = fileURLToPath(new URL('keeper.ts', import.meta.url))
  // Of its own group: it outlives whoever asked first, and ends with the run.
  spawn(process.execPath, [keeper, folder, run], {
    detached: true,
    stdio: ['ignore', log, log],
  }).unref()
}

/** Outside of Vitest, a run is this process. */
function place(): { folder: string; run: string } {
  if (process.env[variable] === undefined) setup()
  const [folder = '', run = ''] = (process.env[variable] ?? '').split(':')
  return { folder, run }
}

function isMade(folder: string): boolean {
  try {
    // Entered by the server's own user on the way to its socket.
    mkdirSync(folder, { mode: 0o711 })
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

function readIn(folder: string, name: string): Promise<string | undefined> {
  return readFile(join(folder, name), 'utf8').catch(() => undefined)
}

async function isThere(folder: string): Promise<boolean> {
  return (await readIn(folder, 'ready.json')) !== undefined
}
