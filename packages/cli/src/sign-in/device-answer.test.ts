import { expect, test } from 'vitest'
import { readDeviceAnswer } from './device-answer.ts'

const origin = 'https://norrix.example.com'
const answer = {
  user_code: 'BCDF-GHJK',
  verification_uri: `${origin}/device`,
  expires_in: 600,
  interval: 5,
}

test('a server of https sends people to itself', () => {
  expect(readDeviceAnswer(answer, origin)).toEqual({
    userCode: 'BCDF-GHJK',
    verificationUrl: new URL(`${origin}/device`),
    lifeMs: 600_000,
    intervalSeconds: 5,
  })
})

test('five seconds are the interval of a server that says none (RFC 8628 section 3.2)', () => {
  const { interval: _, ...rest } = answer
  expect(readDeviceAnswer(rest, origin).intervalSeconds).toBe(5)
})

test.each([
  'https://evil.test/device',
  'https://norrix.example.com.evil.test/device',
  'https://norrix.example.com@evil.test/device',
  'https://user@norrix.example.com/device',
  'https://:pass@norrix.example.com/device',
  'http://norrix.example.com/device',
  'https://norrix.example.com:444/device',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '//norrix.example.com/device',
  '',
])('people are not sent to %j (T14)', (verification_uri) => {
  expect(() => readDeviceAnswer({ ...answer, verification_uri }, origin)).toThrow(
    expect.objectContaining({ code: 'not_norrix' }),
  )
})

test.each(['http://127.0.0.1:4400', 'http://localhost:4400'])(
  'on this machine plain http is right: %s',
  (here) => {
    const verification_uri = `${here}/device`
    const read = readDeviceAnswer({ ...answer, verification_uri }, here)
    expect(read.verificationUrl.href).toBe(verification_uri)
  },
)

test.each([
  { user_code: '' },
  { user_code: 'x\u001b[2J' },
  { user_code: 'A'.repeat(50) },
  { expires_in: 0 },
  { expires_in: Number.NaN },
  { expires_in: 1e9 },
  { interval: -1 },
  { interval: 1e9 },
])('an answer with %j is not shown', (changes) => {
  expect(() => readDeviceAnswer({ ...answer, ...changes }, origin)).toThrow(
    expect.objectContaining({ code: 'not_norrix' }),
  )
})
