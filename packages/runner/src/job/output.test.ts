import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Output } from './output.ts'

async function through(
  pieces: readonly Buffer[],
  mask: readonly string[] = [],
  logBytes = 1e9,
): Promise<readonly string[]> {
  const got: string[] = []
  const output = new Output({ sink: async (text) => void got.push(text), mask, logBytes })
  for (const piece of pieces) await output.write(piece)
  await output.end()
  return got
}

function bytewise(text: string): readonly Buffer[] {
  return [...Buffer.from(text)].map((byte) => Buffer.from([byte]))
}

test('pieces end with a line and never split a character, however the bytes arrive', async () => {
  const text = 'früh\n日本語\n🚀 done\nno end'
  const got = await through(bytewise(text))
  expect(got).toEqual(['früh\n', '日本語\n', '🚀 done\n', 'no end'])
})

test('a secret is masked wherever the pieces are cut, in long lines too', async () => {
  const secret = 'nrx_Zx81kQ'
  const text = `${'.'.repeat(16_380)}${secret}${'.'.repeat(40_000)}${secret} ${secret}\n`
  for (const size of [1000, 16_383, 16_389, 70_000]) {
    const bytes = Buffer.from(text)
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    )
    const log = (await through(pieces, [secret])).join('')
    expect(log).toBe(text.replaceAll(secret, '***'))
  }
})

test('each line of a secret of several lines is masked', async () => {
  const log = (
    await through([Buffer.from('first-line\nsecond-line\nab\n')], ['first-line\nsecond-line\nab'])
  ).join('')
  expect(log).toBe('***\n***\nab\n')
})

test('an unfinished line is passed on after half a second, but never the first part of a secret', async () => {
  let log = ''
  const output = new Output({
    sink: async (text) => void (log += text),
    mask: ['secret-word'],
    logBytes: 1e6,
  })
  await output.write(Buffer.from('Continue? [y/n] secret-'))
  await sleep(700)
  expect(log).toBe('Continue? [y/')
  await output.write(Buffer.from('word'))
  await output.end()
  expect(log).toBe('Continue? [y/n] ***')
})

test('the cut never splits a character', async () => {
  const log = (await through([Buffer.from('ääää\n')], [], 3)).join('')
  expect(log).toBe('ä\n[norrix] The log is cut here: it reached 3 bytes. The command goes on.\n')
})
