import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { idPattern } from '@norrix/contract/id'
import { requestIds } from './request-ids.ts'

test('every request gets an id of its own, however many there are', () => {
  const nextId = requestIds(randomBytes)
  const ids = Array.from({ length: 5000 }, nextId)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(idPattern('request'))
})

test('no random byte goes into two ids', () => {
  let next = 0
  const counted = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => next++ % 62)
  const nextId = requestIds(counted)
  expect(nextId()).toBe('req_0123456789')
  expect(nextId()).toBe('req_ABCDEFGHIJ')
})
