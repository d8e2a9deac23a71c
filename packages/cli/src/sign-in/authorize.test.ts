import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { prepareSignIn } from './authorize.ts'
import { discover } from './discover.ts'

/** A server that lies where the test says so. Every request to it is noted. */
async function serve(
  answer: (url: string, req: IncomingMessage) => object | undefined,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server: Server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`)
    const body = answer(url, req)
    res.writeHead(body ? 200 : 404, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(body ?? {}))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Listening on an IP address.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, asked }
}

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

function metadata(url: string, changes: object = {}): object {
  return {
    issuer: url,
    authorization_endpoint: `${url}/authorize`,
    token_endpoint: `${url}/token`,
    revocation_endpoint: `${url}/revoke`,
    jwks_uri: `${url}/jwks`,
    code_challenge_methods_supported: ['S256'],
    dpop_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
    ...changes,
  }
}

const answerAt = (query: string): URL => new URL(`http://127.0.0.1:5555/callback?${query}`)

const laptop = { name: 'ana-laptop', system: 'macOS' }

test('the request carries PKCE with S256, a state, a nonce, and asks the person each time', async () => {
  const { url } = await serve((at) => metadata(at))
  const server = await prepareSignIn(url, laptop)
  const attempt = await server.begin({
    redirectUri: 'http://127.0.0.1:5555/callback',
    state: 'abc',
  })
  const query = Object.fromEntries(attempt.url.searchParams)
  expect(query).toMatchObject({
    client_id: 'norrix-cli',
    response_type: 'code',
    redirect_uri: 'http://127.0.0.1:5555/callback',
    code_challenge_method: 'S256',
    state: 'abc',
    prompt: 'consent',
    device: 'ana-laptop',
    system: 'macOS',
  })
  expect(query['code_challenge']).toMatch(/^[\w-]{43}$/)
  expect(query['nonce']).toMatch(/^[\w-]{43}$/)
  expect(query['dpop_jkt']).toMatch(/^[\w-]{43}$/)
  expect(server.newState()).toMatch(/^[\w-]{43}$/)
})

test.each([
  ['another issuer', { iss: 'https://evil.test' }],
  ['no issuer at all', {}],
])('an answer of %s is refused before its code is sent anywhere (T6)', async (_, extra) => {
  const { url, asked } = await serve((at) => metadata(at))
  const server = await prepareSignIn(url, laptop)
  const attempt = await server.begin({
    redirectUri: 'http://127.0.0.1:5555/callback',
    state: 'abc',
  })
  const query = new URLSearchParams({ code: 'secret-code', state: 'abc', ...extra })
  await expect(attempt.exchange(answerAt(query.toString()))).rejects.toMatchObject({
    code: 'not_norrix',
  })
  expect(asked.filter((line) => line.includes('token'))).toEqual([])
})

test.each([
  ['authorization_endpoint', 'file:///etc/passwd'],
  ['authorization_endpoint', 'https://evil.test/authorize'],
  ['token_endpoint', 'https://evil.test/token'],
  ['token_endpoint', undefined],
  ['revocation_endpoint', 'https://evil.test/revoke'],
  ['device_authorization_endpoint', 'https://evil.test/device-code'],
  ['code_challenge_methods_supported', ['plain']],
  ['code_challenge_methods_supported', undefined],
  ['authorization_response_iss_parameter_supported', false],
  ['dpop_signing_alg_values_supported', ['RS256']],
  ['dpop_signing_alg_values_supported', undefined],
  ['issuer', 'https://evil.test'],
])('a server whose %s is %j is not signed in to (T14)', async (name, value) => {
  const { url } = await serve((at) => metadata(at, { [name]: value }))
  await expect(prepareSignIn(url, laptop)).rejects.toMatchObject({ code: 'not_norrix' })
})

const deviceAnswer = (url: string): object => ({
  device_code: 'the-device-code',
  user_code: 'BCDF-GHJK',
  verification_uri: `${url}/device`,
  expires_in: 600,
})

/** A server that answers polls one after another; a number is a status of something that stands before it. */
async function pollsOf(answers: readonly (object | number)[]) {
  const left = [...answers]
  const server = createServer((req, res) => {
    const url = `http://${req.headers.host}`
    const isPoll = req.url === '/token'
    const answer = isPoll ? left.shift() : undefined
    if (answer === 0) return void req.socket.destroy()
    const status = typeof answer === 'number' ? answer : isPoll ? 400 : 200
    res.writeHead(status, { 'Content-Type': 'application/json' })
    const endpoint = { device_authorization_endpoint: `${url}/device-code` }
    const body = req.url === '/device-code' ? deviceAnswer(url) : metadata(url, endpoint)
    res.end(JSON.stringify(isPoll ? answer : body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Listening on an IP address.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return (await prepareSignIn(url, laptop)).askForCode?.()
}

test('what a poll says without tokens is told apart: waiting, too fast, and not reached', async () => {
  const errors = ['authorization_pending', 'slow_down'].map((error) => ({ error }))
  const attempt = await pollsOf([...errors, 0, 503, 502, 429])
  const heard = []
  for (let times = 0; times < 6; times += 1) heard.push(await attempt?.poll())
  const away = 'unreachable'
  expect(heard).toEqual(['pending', 'slow-down', away, away, away, away])
})

test.each([
  ['access_denied', 'sign_in_denied'],
  ['expired_token', 'sign_in_timeout'],
  ['invalid_grant', 'sign_in_denied'],
])('a poll that is answered %s ends the sign-in as %s', async (error, code) => {
  const attempt = await pollsOf([{ error }])
  await expect(attempt?.poll()).rejects.toMatchObject({ code })
})

test('a server that names no place for codes is not asked for one', async () => {
  const { url } = await serve((at) => metadata(at))
  expect((await prepareSignIn(url, laptop)).askForCode).toBeUndefined()
})

const described = (url: string): object => ({
  kind: 'prod',
  issuer: url,
  name: 'Norrix',
  version: '0.1.0',
  signIn: ['Norrix account'],
  sibling: null,
})
const { signal } = new AbortController()

test('a server that names another address as its own is not followed there', async () => {
  const { url } = await serve((at) => ({ ...described(at), issuer: 'https://evil.test' }))
  await expect(discover(url, signal)).rejects.toMatchObject({
    code: 'not_norrix',
    message: expect.stringContaining('https://evil.test'),
  })
})

test('the names of this machine count as one address, with the same port', async () => {
  const { url } = await serve((at) => ({
    ...described(at),
    issuer: at.replace('127.0.0.1', 'localhost'),
  }))
  expect((await discover(url, signal)).origin).toBe(url.replace('127.0.0.1', 'localhost'))
})

test.each([
  ['http on another machine', 'http://10.0.0.1:4401'],
  ['a script', 'javascript:alert(1)'],
  ['no address', 'x'],
])('a sibling at %s is not believed', async (_, address) => {
  const { url } = await serve((at) => ({
    ...described(at),
    sibling: { kind: 'dev', url: address },
  }))
  expect((await discover(url, signal)).sibling).toBeNull()
})

test.each([{}, { kind: 'staging', issuer: 'http://127.0.0.1', signIn: [] }, []])(
  'what describes itself as %j is no Norrix server',
  async (body) => {
    const { url } = await serve(() => body)
    await expect(discover(url, signal)).rejects.toMatchObject({ code: 'not_norrix' })
  },
)
