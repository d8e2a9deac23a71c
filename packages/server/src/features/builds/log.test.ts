import { randomBytes } from 'node:crypto'
import type { Build, LogEvent } from '@norrix/contract/types'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { allOf, faultOf } from '../../../../../test/kit/operation-caller.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig({ logBytes: 50_000 })
})
afterEach(() => rig.stop())

/** A running build and its lease's voice. */
async function running() {
  const runner = await rig.startRunner('org_1')
  const build = await rig.queueBuild()
  const lease = await runner.take()
  if (!lease) throw new Error('There was no build to take.')
  return { build, ...rig.under(lease) }
}

async function read(build: Build, from = 0): Promise<string> {
  const events = await allOf(await rig.follow(build, { from, follow: false }))
  return textOf(events)
}

function textOf(events: readonly LogEvent[]): string {
  return events.map((event) => (event.type === 'log' ? event.text : '')).join('')
}

describe('appending to a log', () => {
  test('a log chunk sent twice appears once, and one that overlaps adds only what is new', async () => {
    const { build, log } = await running()
    expect(await log(0, 'één\n')).toEqual({ nextOffset: 6 })
    expect(await log(0, 'één\n')).toEqual({ nextOffset: 6 })
    expect(await log(4, 'n\ntwee\n')).toEqual({ nextOffset: 11 })
    expect(await read(build)).toBe('één\ntwee\n')
  })

  test('a chunk that would leave a gap is refused, and says where to go on', async () => {
    const { build, log } = await running()
    await log(0, 'one\n')
    await expect(log(5, 'three\n')).rejects.toMatchObject({
      code: 'conflict',
      details: { nextOffset: 4 },
    })
    expect(await read(build)).toBe('one\n')
  })

  test('a log longer than allowed is cut between characters, says so once, and the build goes on', async () => {
    const { build, log, finish, upload } = await running()
    const line = 'é'.repeat(24_999) + '\n'
    const { nextOffset } = await log(0, line)
    expect(nextOffset).toBe(49_999)
    const cut = await log(nextOffset, 'éééé\n')
    expect(cut.nextOffset).toBeGreaterThanOrEqual(nextOffset + 9)
    expect(await log(cut.nextOffset + 1000, 'more\n')).toEqual({
      nextOffset: cut.nextOffset + 1005,
    })
    await upload('app.apk', randomBytes(10))
    expect(await finish('succeeded')).toEqual({ state: 'succeeded' })
    expect(await read(build)).toBe(
      `${line}\n[norrix] The log is cut here: a build may log 50,000 bytes.\n`,
    )
  })

  test('any text comes back as it went in, from every offset between two characters', async () => {
    const { build, log } = await running()
    const text = `a\u0000é€😀\r\n${'😀'.repeat(9000)}`
    const stored = text.replace('\0', ' ')
    const { nextOffset } = await log(0, text)
    expect(nextOffset).toBe(Buffer.byteLength(text))
    for (const start of [0, 1, 2, 3, 4, 6, 20, 6000, 9001]) {
      const before = Array.from(stored).slice(0, start).join('')
      expect(await read(build, Buffer.byteLength(before))).toBe(stored.slice(before.length))
    }
    expect(await read(build, nextOffset)).toBe('')
  })

  test('an offset inside a character goes on at the next one and says so', async () => {
    const { build, log } = await running()
    await log(0, '€uro')
    const [first] = await allOf(await rig.follow(build, { from: 1, follow: false }))
    expect(first).toEqual({ type: 'log', offset: 3, text: 'uro', nextOffset: 6 })
  })
})

describe('following a log', () => {
  test('what is there comes first, then what is new, then the final state and the end', async () => {
    const { build, log, finish, upload } = await running()
    await log(0, 'before\n')
    const events: LogEvent[] = []
    const following = (async () => {
      for await (const event of await rig.follow(build)) events.push(event)
    })()
    await expect.poll(() => textOf(events)).toBe('before\n')
    const appended = Date.now()
    await log(7, 'after\n')
    await expect.poll(() => textOf(events), { interval: 5 }).toBe('before\nafter\n')
    expect(Date.now() - appended).toBeLessThan(500)
    await upload('app.apk', randomBytes(10))
    await log(13, 'last\n')
    await finish('succeeded')
    await following
    expect(textOf(events)).toBe('before\nafter\nlast\n')
    expect(events.slice(-2)).toMatchObject([
      { type: 'state', build: { state: 'succeeded', artifacts: [{ name: 'app.apk' }] } },
      { type: 'end' },
    ])
  })

  test('a follower sees a build queue, run and fail, each state once', async () => {
    const build = await rig.queueBuild()
    const states: string[] = []
    const following = (async () => {
      for await (const event of await rig.follow(build)) {
        if (event.type === 'state') states.push(event.build.state)
      }
    })()
    await expect.poll(() => states).toEqual(['queued'])
    const lease = await (await rig.startRunner('org_1')).take()
    await expect.poll(() => states).toEqual(['queued', 'running'])
    if (lease) await rig.under(lease).finish('failed', 1)
    await following
    expect(states).toEqual(['queued', 'running', 'failed'])
  })

  test('who leaves and comes back from where it was misses nothing and sees nothing twice', async () => {
    const { build, log } = await running()
    await log(0, 'one\n')
    const leaving = new AbortController()
    let from = 0
    let seen = ''
    const follow = async (until: string, signal?: AbortSignal) => {
      for await (const event of await rig.follow(build, { from, ...(signal ? { signal } : {}) })) {
        if (event.type !== 'log') continue
        seen += event.text
        from = event.nextOffset
        if (seen.endsWith(until)) return
      }
    }
    await follow('one\n', leaving.signal)
    leaving.abort()
    await log(4, 'two\n')
    const back = follow('three\n')
    await log(8, 'three\n')
    await back
    expect(seen).toBe('one\ntwo\nthree\n')
  })

  test('a follower whose connection ends is let go at once', async () => {
    const { build } = await running()
    const gone = new AbortController()
    const following = allOf(await rig.follow(build, { signal: gone.signal }))
    setTimeout(() => gone.abort(), 50)
    const began = Date.now()
    const events = await following
    expect(Date.now() - began).toBeLessThan(500)
    expect(events.map((event) => event.type)).toEqual(['state'])
  })

  test('a build that is not there is a fault before the stream begins', async () => {
    expect(await faultOf(rig.follow({ id: 'build_none', orgId: 'org_1' }))).toBe('not_found')
  })
})
