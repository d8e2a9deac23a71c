import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isolationLevels } from '../isolation/isolation.ts'
import type { Isolation, IsolationLevel } from '../isolation/isolation.ts'
import { measureIsolation } from '../isolation/measure.ts'
import { runCommand } from './run.ts'
import type { RunOptions, RunResult } from './run.ts'
import { createWorkspace, removeWorkspace } from './workspace.ts'

let scratch = ''
const isolations = new Map<IsolationLevel, Isolation>()

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'norrix-run-'))
  for (const wanted of isolationLevels) {
    const measured = await measureIsolation({ hidden: [], scratch, allowNone: true, wanted }).catch(
      () => undefined,
    )
    if (measured) isolations.set(wanted, measured.isolation)
  }
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

interface Ran {
  readonly result: RunResult
  readonly log: string
  readonly milliseconds: number
}

const limits = { wallSeconds: 20, logBytes: 1_000_000, graceSeconds: 0.5 }

async function run(
  level: IsolationLevel,
  command: string,
  more: Partial<RunOptions> = {},
): Promise<Ran> {
  const isolation = isolations.get(level)
  if (!isolation) throw new Error(`level ${level} does not work here`)
  const workspace = await createWorkspace(path.join(scratch, 'builds'), level)
  await isolation.prepare(workspace.folder)
  let log = ''
  const start = performance.now()
  const result = await runCommand(command, {
    isolation,
    workspace: workspace.folder,
    directory: workspace.source,
    env: {},
    hidden: [],
    readable: [],
    mask: [],
    limits,
    sink: async (text) => void (log += text),
    ...more,
  })
  const milliseconds = performance.now() - start
  await isolation.release(workspace.folder)
  await removeWorkspace(workspace.folder)
  return { result, log, milliseconds }
}

describe.skipIf(process.platform === 'win32').each(isolationLevels)(
  'a command at level %s',
  (level) => {
    test('tells its exit code, and its two streams as one log in order', async ({ skip }) => {
      skip(!isolations.has(level), 'this level does not work on this machine')
      const { result, log } = await run(level, 'echo one; echo two >&2; echo three; exit 7')
      expect(result).toEqual({ kind: 'exited', code: 7 })
      expect(log).toBe('one\ntwo\nthree\n')
    })

    test('may end in its own way when it is cancelled', async ({ skip }) => {
      skip(!isolations.has(level), 'this level does not work on this machine')
      const cancel = new AbortController()
      const command = `trap 'echo tidied; exit 0' TERM; echo up; while :; do sleep 0.05; done`
      const sink = async (text: string): Promise<void> => {
        said += text
        if (said.includes('up')) cancel.abort()
      }
      let said = ''
      const { result, milliseconds } = await run(level, command, {
        signal: cancel.signal,
        sink,
        limits: { ...limits, graceSeconds: 15 },
      })
      expect(result).toEqual({ kind: 'cancelled' })
      expect(said).toContain('tidied')
      expect(milliseconds).toBeLessThan(10_000)
    })

    test('a fork that ignores SIGTERM dies on cancel all the same', async ({ skip }) => {
      skip(!isolations.has(level), 'this level does not work on this machine')
      const cancel = new AbortController()
      const nap = 100_000 + Math.trunc(Math.random() * 800_000)
      const command = `(trap '' TERM INT HUP; sleep ${nap}; sleep ${nap}) & trap '' TERM; echo up; wait; wait`
      const sink = async (): Promise<void> => cancel.abort()
      const { result, milliseconds } = await run(level, command, { signal: cancel.signal, sink })
      expect(result).toEqual({ kind: 'cancelled' })
      expect(milliseconds).toBeLessThan(5000)
      await expect
        .poll(() => commandLines().includes(`sleep ${nap}`), { timeout: 3000 })
        .toBe(false)
    })

    test('is stopped when its time is over', async ({ skip }) => {
      skip(!isolations.has(level), 'this level does not work on this machine')
      const { result } = await run(level, 'sleep 600', { limits: { ...limits, wallSeconds: 1 } })
      expect(result).toEqual({ kind: 'timed-out' })
    })

    test('takes no process of its own past its end', async ({ skip }) => {
      skip(!isolations.has(level), 'this level does not work on this machine')
      const nap = 100_000 + Math.trunc(Math.random() * 800_000)
      const { result, milliseconds } = await run(level, `sleep ${nap} & echo started`)
      expect(result).toEqual({ kind: 'exited', code: 0 })
      expect(milliseconds).toBeLessThan(5000)
      await expect
        .poll(() => commandLines().includes(`sleep ${nap}`), { timeout: 3000 })
        .toBe(false)
    })

    test('gets values with quotes, line breaks and dollars as they are', async ({ skip }) => {
      skip(!isolations.has(level), 'this level does not work on this machine')
      const odd = `a'b"c$(touch x)\n\`d\`\\ e`
      const { log } = await run(level, 'printf %s "$ODD"', { env: { ODD: odd } })
      expect(log).toBe(odd)
    })

    test('shows its environment in no command line, and to no stage that holds privileges', async ({
      skip,
    }) => {
      const isolation = isolations.get(level)
      if (!isolation || level === 'none')
        return skip('this level has no such stage, or does not work on this machine')
      const workspace = await createWorkspace(path.join(scratch, 'builds'), level)
      await isolation.prepare(workspace.folder)
      const env = { LD_PRELOAD: '/tmp/evil.so', TOKEN: 'secret-value' }
      const options = {
        workspace: workspace.folder,
        directory: workspace.source,
        env,
        hidden: [],
        readable: [],
      }
      const plan = isolation.command(['true'], options)
      expect(Object.keys(plan.env).toSorted()).toEqual(['LC_ALL', 'PATH'])
      expect(plan.args.join(' ')).not.toMatch(/secret-value|evil/)
      await isolation.release(workspace.folder)
      await removeWorkspace(workspace.folder)
    })
  },
)

test('a slow sink slows the command down instead of filling memory', async () => {
  let most = 0
  let taken = 0
  const sink = async (text: string): Promise<void> => {
    taken += text.length
    most = Math.max(most, text.length)
    await sleep(5)
  }
  await run('none', 'head -c 3000000 /dev/zero | tr "\\0" x', {
    sink,
    limits: { ...limits, logBytes: 10_000_000 },
  })
  expect(taken).toBe(3_000_000)
  expect(most).toBeLessThan(300_000)
})

test('a sink that fails ends the command and says why', async () => {
  const start = performance.now()
  const sink = async (): Promise<void> => {
    throw new Error('the log cannot be sent')
  }
  await expect(run('none', 'echo x; sleep 600', { sink })).rejects.toThrow('the log cannot be sent')
  expect(performance.now() - start).toBeLessThan(5000)
})

test('a command that is cancelled before it starts never starts', async () => {
  const { result, log } = await run('none', 'echo ran', { signal: AbortSignal.abort() })
  expect(result).toEqual({ kind: 'cancelled' })
  expect(log).toBe('')
})

test('what cannot be set up is not called a failed build', async () => {
  const isolation = isolations.get('none')
  if (!isolation) throw new Error('level none works everywhere')
  const broken: Isolation = {
    ...isolation,
    command: (argv, options) => ({
      ...isolation.command(argv, options),
      file: '/nonexistent/tool',
    }),
  }
  const { result } = await run('none', 'echo ran', { isolation: broken })
  expect(result).toMatchObject({
    kind: 'not-started',
    why: expect.stringContaining('/nonexistent/tool'),
  })
  const { result: badName } = await run('none', 'echo ran', { env: { 'a b': '1' } })
  expect(badName).toMatchObject({ kind: 'not-started', why: expect.stringContaining('"a b"') })
})

function commandLines(): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid)
        ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()]
        : []
    } catch {
      return []
    }
  })
}
