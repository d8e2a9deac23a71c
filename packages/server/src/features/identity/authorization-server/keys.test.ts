import { expect, test } from 'vitest'
import { keysAt } from './keys.ts'

const old = { jwk: { x: 'old' }, signsFrom: 0, acceptedUntil: 200 }
const next = { jwk: { x: 'next' }, signsFrom: 100, acceptedUntil: Infinity }

test('a key is published first, then signs, and the one before is published until its time is over', () => {
  const at = (now: number) => {
    const { signing, changesAt } = keysAt([next, old], now)
    return [signing.map(({ x }) => x), changesAt]
  }
  expect(at(50)).toEqual([['old', 'next'], 100])
  expect(at(100)).toEqual([['next', 'old'], 200])
  expect(at(200)).toEqual([['next'], Infinity])
})
