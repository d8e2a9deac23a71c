import { createServer, request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenForCallback, type Arrival, type CallbackListener } from './callback.ts'

const state = 'the-state-of-this-attempt-0123456789abcdefghij'
let listener: CallbackListener
let arrived: Arrival | undefined

beforeEach(async () => {
  arrived = undefined
  listener = await listenForCallback({ state })
  void listener.arrival.then((arrival) => (arrived = arrival))
})
afterEach(() => listener.close())

const port = (): number => Number(new URL(listener.redirectUri).port)

/** One request as a program would send it, with whatever method and headers. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; host?: string } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: options.host ?? '127.0.0.1',
        port: port(),
        path,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        agent: false,
      },
      (answer) => {
        answer.resume()
        resolve(answer)
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

test('the way back is always the literal IPv4 address, on a free port', () => {
  expect(listener.redirectUri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
})

test.each([
  ['a favicon', '/favicon.ico', {}],
  ['another path', '/callback/', {}],
  ['a path that only looks alike', '/callback%2f', {}],
  ['no state', '/callback?code=c', {}],
  ['an empty state', '/callback?code=c&state=', {}],
  ['a forged error without state (T2)', '/callback?error=access_denied', {}],
  ['a valid code of another attempt (T1)', '/callback?code=c&state=someone-elses-state', {}],
  ['a state that is longer', `/callback?code=c&state=${state}x`, {}],
  ['our state twice', `/callback?code=c&state=${state}&state=${state}`, {}],
  ['two codes', `/callback?code=a&code=b&state=${state}`, {}],
  ['code and error together', `/callback?code=a&error=b&state=${state}`, {}],
  ['neither code nor error', `/callback?state=${state}`, {}],
  ['HEAD, as link scanners send (T9)', `/callback?code=c&state=${state}`, { method: 'HEAD' }],
  ['a preflight (T9)', `/callback?code=c&state=${state}`, { method: 'OPTIONS' }],
  ['a posted form', `/callback?code=c&state=${state}`, { method: 'POST' }],
])('%s is answered 404 and the wait goes on', async (_, path, options) => {
  expect((await ask(path, options)).statusCode).toBe(404)
  expect(arrived).toBeUndefined()
})

test.each(['evil.test', 'localhost', '127.0.0.1', '127.0.0.1.evil.test', ''])(
  'the host name %j is not ours: 421, as DNS rebinding would send it (T7)',
  async (name) => {
    const headers = { Host: name === '127.0.0.1' ? name : `${name}:${port()}` }
    const answer = await ask(`/callback?code=c&state=${state}`, { headers })
    expect(answer.statusCode).toBe(421)
    expect(arrived).toBeUndefined()
  },
)

test('after a storm of forged requests the true one is taken, once', async () => {
  const times = process.env['NORRIX_TEST_LONG'] === '1' ? 10_000 : 100
  for (let time = 0; time < times; time++) await ask(`/callback?error=access_denied&state=${time}`)
  const answer = ask(`/callback?code=true&state=${state}`)
  const arrival = await listener.arrival
  expect(arrival.url.searchParams.get('code')).toBe('true')
  expect((await ask(`/callback?code=late&state=${state}`)).statusCode).toBe(410)
  await arrival.answer({ redirect: 'https://norrix.example.com/signed-in' })
  const { statusCode, headers } = await answer
  expect(statusCode).toBe(302)
  expect(headers).toMatchObject({
    location: 'https://norrix.example.com/signed-in',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  })
})

test('an error with our state arrives like a code does', async () => {
  void ask(`/callback?error=access_denied&state=${state}`).catch(() => {})
  const arrival = await listener.arrival
  expect(arrival.url.searchParams.get('error')).toBe('access_denied')
})

test('it listens on the IPv6 loopback too, where there is one', async () => {
  const answer = await ask('/favicon.ico', {
    host: '::1',
    headers: { Host: `[::1]:${port()}` },
  }).catch((error: NodeJS.ErrnoException) => error.code)
  if (answer === 'EADDRNOTAVAIL' || answer === 'EAFNOSUPPORT') return
  expect((answer as IncomingMessage).statusCode).toBe(404) // no error code, so an answer
})

const loopbacks = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .map(({ address }) => address)
  .filter((address) => address === '127.0.0.1' || address === '::1')

test.each(loopbacks)('a port that somebody holds on %s is named (T8)', async (host) => {
  const squatter = createServer()
  await new Promise<void>((resolve) => squatter.listen(0, host, resolve))
  const address = squatter.address()
  const taken = typeof address === 'object' && address ? address.port : 0
  await expect(listenForCallback({ state, port: taken })).rejects.toMatchObject({
    code: 'port_taken',
  })
  squatter.close()
})

test('closing ends connections that hang', async () => {
  const socket = connect(port(), '127.0.0.1')
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => {})
  socket.write('GET /callback')
  await listener.close()
  await gone
})
