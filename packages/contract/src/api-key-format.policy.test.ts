import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { formatKey, likelyTypo, readKey } from './api-key-format.policy.ts'

test('a key is nrx_ and the base64 of 36 bytes, letters and digits only', () => {
  for (let round = 0; round < 200; round++) {
    const key = formatKey('prod', randomBytes)
    expect(key).toMatch(/^nrx_[A-Za-z0-9]{48}$/)
    expect(Buffer.from(key.slice(4), 'base64')).toHaveLength(36)
  }
})

test("the last four bytes are zlib's CRC32 of the environment and the random bytes", () => {
  const key = formatKey('dev', randomBytes)
  const bytes = Buffer.from(key.slice(4), 'base64')
  const expected = crc32(Buffer.concat([Buffer.from('dev'), bytes.subarray(0, 32)]))
  expect(bytes.readUInt32BE(32)).toBe(expected)
})

test('a key says which environment it is for', () => {
  expect(readKey(formatKey('prod', randomBytes))).toEqual({
    kind: 'well-formed',
    environment: 'prod',
  })
  expect(readKey(formatKey('dev', randomBytes))).toEqual({
    kind: 'well-formed',
    environment: 'dev',
  })
})

test('every single mistyped character is noticed', () => {
  const key = formatKey('prod', randomBytes)
  for (let at = 4; at < key.length; at++) {
    const other = key[at] === 'x' ? 'y' : 'x'
    const typo = key.slice(0, at) + other + key.slice(at + 1)
    expect(readKey(typo), typo).toEqual({ kind: 'mistyped' })
  }
})

test.each([
  ['', 'not-a-key'],
  ['ghp_abc', 'not-a-key'],
  ['nrx_', 'mistyped'],
  ['nrx_Ks7dF2xW9', 'mistyped'],
  [`nrx_${'+'.repeat(48)}`, 'mistyped'],
])('%j is %s', (text, kind) => {
  expect(readKey(text).kind).toBe(kind)
})

test('a typo is named', () => {
  const key = formatKey('prod', randomBytes)
  expect(likelyTypo(key.slice(0, -3))).toBe('3 characters are missing')
  expect(likelyTypo(`${key}ab`)).toBe('2 characters too many')
  expect(likelyTypo(`${key.slice(0, 20)} ${key.slice(21)}`)).toBe('it has white space in it')
  expect(likelyTypo(`${key.slice(0, 20)}-${key.slice(21)}`)).toBe(
    'it has a character that no key has',
  )
})
