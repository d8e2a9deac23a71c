import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as jose from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimByPassword, signInCommandLine } from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

/**
 * No token of ours says anything by itself: each is looked up by its digest (ruling 24). So whatever somebody signs, for
 * whatever issuer and with whatever header, is a text that nobody was given.
 */
let served: Served
let foreign: Server
let asked: string[]
let claims: Record<string, unknown>
let ours: { readonly jwk: jose.JWK; readonly idToken: string }

beforeAll(async () => {
  served = await serveIdentity()
  const browser = await claimByPassword(served)
  const { tokens } = await signInCommandLine(served.url, browser)
  const keys = (await (await fetch(`${served.url}/jwks`)).json()) as jose.JSONWebKeySet // as RFC 7517 has it
  ours = { jwk: keys.keys[0] ?? {}, idToken: tokens.id_token ?? '' }
  claims = { ...tokens.claims(), aud: served.url, client_id: 'norrix-cli', token_use: 'access' }
  asked = []
  foreign = createServer((req, res) => {
    asked.push(req.url ?? '')
    res.end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  foreign.close()
  await served.close()
})

const signed = async (header: jose.JWTHeaderParameters, changes: object = {}) => {
  const { privateKey } = await jose.generateKeyPair(header.alg)
  return new jose.SignJWT({ ...claims, ...changes }).setProtectedHeader(header).sign(privateKey)
}
const keysElsewhere = () => `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/keys` // it listens on TCP
const ourKid = () => ours.jwk.kid ?? ''
const now = Math.floor(Date.now() / 1000)

test.each<[string, () => string | Promise<string>]>([
  ['without a signature: `alg: none` (T21)', () => new jose.UnsecuredJWT(claims).encode()],
  [
    'signed by our public key taken for a secret (T21)',
    () =>
      new jose.SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: ourKid() })
        .sign(new TextEncoder().encode(JSON.stringify(ours.jwk))),
  ],
  [
    'of another algorithm under our key’s name (T21)',
    () => signed({ alg: 'RS256', kid: ourKid() }),
  ],
  ['whose key is a path (T22)', () => signed({ alg: 'ES256', kid: '../../../../dev/null' })],
  ['whose key is a statement (T22)', () => signed({ alg: 'ES256', kid: "x' or '1'='1" })],
  [
    'that brings the address of its keys (T22)',
    () => signed({ alg: 'ES256', jku: keysElsewhere() }),
  ],
  [
    'that brings a certificate’s address (T22)',
    () => signed({ alg: 'ES256', x5u: keysElsewhere() }),
  ],
  [
    'that brings its own key (T22)',
    async () => {
      const { privateKey, publicKey } = await jose.generateKeyPair('ES256')
      const jwk = await jose.exportJWK(publicKey)
      return new jose.SignJWT(claims).setProtectedHeader({ alg: 'ES256', jwk }).sign(privateKey)
    },
  ],
  ['that we did sign, but to say who somebody is (T24)', () => ours.idToken],
  [
    'of another issuer under our key’s name (T25)',
    () => signed({ alg: 'ES256', kid: ourKid() }, { iss: 'https://evil.test' }),
  ],
  ['that expired (T28)', () => signed({ alg: 'ES256', kid: ourKid() }, { exp: now - 1 })],
  ['that never expires (T28)', () => signed({ alg: 'ES256', kid: ourKid() }, { exp: 9e15 })],
  ['from tomorrow (T28)', () => signed({ alg: 'ES256', kid: ourKid() }, { nbf: now + 86_400 })],
])('a token %s is nobody’s', async (_, make) => {
  const token = await make()
  for (const scheme of ['Bearer', 'DPoP']) {
    const answer = await fetch(`${served.url}/who`, {
      headers: { authorization: `${scheme} ${token}` },
    })
    expect(answer.status, scheme).toBe(401)
  }
})

test('tokens with hundreds of unknown keys make the server ask nobody (T22, T23)', async () => {
  for (let time = 0; time < 200; time++) {
    const header = Buffer.from(
      JSON.stringify({ alg: 'ES256', kid: `${time}`, jku: keysElsewhere() }),
    )
    const token = `${header.toString('base64url')}.e30.AAAA`
    const answer = await fetch(`${served.url}/who`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(answer.status).toBe(401)
  }
  expect(asked).toEqual([])
})
