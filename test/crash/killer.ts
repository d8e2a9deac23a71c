// Loaded into a process of ours by `node --import`, before anything else of it runs. Counts what cannot be taken back, and ends
// the process with SIGKILL at the step that NORRIX_CRASH_AT names, or after the milliseconds that NORRIX_CRASH_AFTER begins with. From outside: the product has no line of this.
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import http from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import sqlite, { type DatabaseSync } from 'node:sqlite'
import { isMainThread } from 'node:worker_threads'

const {
  NORRIX_CRASH_STEPS: file,
  NORRIX_CRASH_AT,
  NORRIX_CRASH_AFTER,
  NORRIX_CRASH_ARMED,
  NORRIX_CRASH_CLOCK,
} = process.env
const { appendFileSync } = fs

if (NORRIX_CRASH_CLOCK) turnClock(Number(NORRIX_CRASH_CLOCK))
if (file && isMainThread) watch(file)

function turnClock(byMs: number): void {
  const RealDate = Date
  const now = (): number => RealDate.now() + byMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date, // as: of Date itself
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  })
}

/** Writes each step on a line of the file. */
function watch(steps: string): void {
  const killAt = Number(NORRIX_CRASH_AT ?? 0)
  let isArmed = NORRIX_CRASH_ARMED === '1'
  let count = 0
  // The file has a first, empty line once the signal was heard.
  process.on('SIGUSR2', () => {
    isArmed = true
    appendFileSync(steps, '\n')
  })
  const step = (name: string): void => {
    if (!isArmed) return
    count += 1
    appendFileSync(steps, `${count} ${name}\n`)
    if (count === killAt) process.kill(process.pid, 'SIGKILL')
  }
  if (NORRIX_CRASH_AFTER) {
    const [ms, ...name] = NORRIX_CRASH_AFTER.split(' ')
    const end = (): void => {
      appendFileSync(steps, `${count + 1} ${name.join(' ')}\n`)
      process.kill(process.pid, 'SIGKILL')
    }
    setTimeout(end, Number(ms)).unref()
  }
  watchDatabase(step)
  watchFiles(step)
  watchNetwork(step)
}

type Step = (name: string) => void
type Method = (...args: unknown[]) => unknown

/** Calls `step` before and behind a method; behind means when its promise has resolved, where it gives one. */
function around(
  object: object,
  method: string,
  step: Step,
  nameOf: (self: unknown) => string | undefined,
): void {
  const usual = Reflect.get(object, method) as Method // as: every caller names a method
  const watched = function (this: unknown, ...args: unknown[]): unknown {
    const name = nameOf(this)
    if (name === undefined) return usual.apply(this, args)
    step(`before ${name}`)
    const result = usual.apply(this, args)
    if (!(result instanceof Promise)) {
      step(`after ${name}`)
      return result
    }
    return result.then((value: unknown) => {
      step(`after ${name}`)
      return value
    })
  }
  Reflect.set(object, method, watched)
}

/** Commits, and changes that are a transaction of their own. */
function watchDatabase(step: Step): void {
  const databases = new WeakMap<object, DatabaseSync>()
  const { prepare } = sqlite.DatabaseSync.prototype
  sqlite.DatabaseSync.prototype.prepare = function (sql, ...rest) {
    const statement = prepare.call(this, sql, ...rest)
    databases.set(statement, this)
    return statement
  }
  const nameOf = (self: unknown): string | undefined => {
    if (!(self instanceof sqlite.StatementSync)) return undefined
    const [verb = '', ...words] = self.sourceSQL.toLowerCase().replaceAll('"', '').split(/\s+/)
    if (verb === 'commit') return 'commit'
    const isAlone = databases.get(self)?.isTransaction === false
    return isAlone && /^(insert|update|delete)$/.test(verb)
      ? `${verb} ${words.slice(0, 2).join(' ')}`
      : undefined
  }
  for (const method of ['run', 'all', 'get'])
    around(sqlite.StatementSync.prototype, method, step, nameOf)
}

/** What makes bytes and names durable, and what takes them away. */
function watchFiles(step: Step): void {
  for (const method of ['fsyncSync', 'renameSync', 'linkSync', 'unlinkSync', 'rmSync'])
    around(fs, method, step, () => method)
  for (const method of ['rename', 'link', 'unlink', 'rm', 'chmod'])
    around(fsPromises, method, step, () => method)
  const handle = fs.promises.open(process.execPath)
  void handle.then(async (opened) => {
    const prototype: object = Object.getPrototypeOf(opened)
    around(prototype, 'sync', step, () => 'fsync')
    await opened.close()
  })
  syncBuiltinESMExports()
}

/** Requests that leave, answers that come, and answers that are given. */
function watchNetwork(step: Step): void {
  around(globalThis, 'fetch', step, () => 'request')
  const { request } = http
  const watched: typeof request = (...args: unknown[]) => {
    step('before request')
    const sent = Reflect.apply(request, http, args) as http.ClientRequest // as: whatever the form, it gives one
    return sent.prependListener('response', () => step('answer heard'))
  }
  http.request = watched
  around(http.ServerResponse.prototype, 'end', step, () => 'answer')
}
