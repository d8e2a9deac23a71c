import { expect, test } from 'vitest'
import { readPasted } from './pasted.ts'

const state = 'the-state-of-this-attempt-0123456789abcdefghij'
const origin = 'https://norrix.example.com'
const byHand = { state, origin, redirectUri: `${origin}/sign-in/code` }
const loopback = { state, origin, redirectUri: 'http://127.0.0.1:5555/callback' }
const answer = (parts: object): string =>
  `norrix-sign-in.${Buffer.from(JSON.stringify(parts)).toString('base64url')}`
const right = { code: 'the-code', state, iss: origin }

test.each([
  ['as it is', answer(right)],
  ['with what a terminal puts around a paste', `\u001b[200~${answer(right)}\u001b[201~`],
  ['with blanks and a sentence around it', `  Answer: ${answer(right)} \n`],
])('the string of our page is taken %s', (_, text) => {
  const query = new URLSearchParams(right)
  expect(readPasted(text, byHand)).toEqual({ url: new URL(`${byHand.redirectUri}?${query}`) })
})

test('the whole address where the browser ended is taken, an error in it too', () => {
  const address = `${loopback.redirectUri}?code=c&state=${state}&iss=${encodeURIComponent(origin)}`
  expect(readPasted(`${address}\n`, loopback)).toEqual({ url: new URL(address) })
  const refused = `${loopback.redirectUri}?error=access_denied&state=${state}`
  expect(readPasted(refused, loopback)).toEqual({ url: new URL(refused) })
})

test.each([
  ['nothing', ''],
  ['something else', 'hunter2'],
  ['half of the string', answer(right).slice(0, 40)],
  ['no JSON', 'norrix-sign-in.AAAA'],
  ['another attempt’s state (T1)', answer({ ...right, state: 'x'.repeat(43) })],
  ['another issuer (T6)', answer({ ...right, iss: 'https://evil.test' })],
  ['a code that is none', answer({ ...right, code: 5 })],
  ['the address of another page', `https://evil.test/callback?code=c&state=${state}`],
  ['a forged error without state (T2)', `${loopback.redirectUri}?error=access_denied`],
  ['our state twice', `${loopback.redirectUri}?code=c&state=${state}&state=${state}`],
])('%s is no answer, and says why', (_, text) => {
  for (const expected of [loopback, byHand]) {
    const { problem } = { problem: undefined, ...readPasted(text, expected) }
    expect(problem).toMatch(/\.$/)
  }
})
