import { expect, test } from 'vitest'
import { pollUntil, type NotYet } from './poll.ts'

async function waitsOf(answers: readonly NotYet[], intervalSeconds = 5): Promise<number[]> {
  const left = [...answers]
  const waits: number[] = []
  await pollUntil<object>(async () => left.shift() ?? {}, {
    intervalSeconds,
    signal: new AbortController().signal,
    news: () => {},
    wait: async (ms) => waits.push(ms / 1000),
  })
  return waits
}

test('the interval of the server is kept, from the first poll on (T19)', async () => {
  expect(await waitsOf(['pending', 'pending'], 7)).toEqual([7, 7, 7])
})

test('slow_down makes it five seconds longer, for good (T19)', async () => {
  expect(await waitsOf(['slow-down', 'pending', 'slow-down'])).toEqual([5, 10, 10, 15])
})

test('a network that is away is asked more seldom, and is no failure', async () => {
  const away: NotYet[] = Array.from({ length: 7 }, () => 'unreachable')
  expect(await waitsOf(away)).toEqual([5, 10, 15, 20, 25, 30, 30, 30])
})

test('what ends the wait is thrown as it is, and stopping ends it at once', async () => {
  const denied = new Error('denied')
  const on = { intervalSeconds: 0, signal: new AbortController().signal, news: () => {} }
  await expect(pollUntil(() => Promise.reject(denied), on)).rejects.toBe(denied)
  const stop = new AbortController()
  const slow = { ...on, intervalSeconds: 3600, signal: stop.signal }
  const polling = pollUntil<object>(async () => 'pending', slow)
  stop.abort()
  await expect(polling).rejects.toThrow()
})
