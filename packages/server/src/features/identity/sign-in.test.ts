import * as oidc from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Browser } from '../../../../../test/identity/browser.ts'
import {
  claimByPassword,
  isCallback,
  reachConsent,
  signInCommandLine,
  startCommandLine,
} from '../../../../../test/identity/command-line.ts'
import { serveIdentity, type Served } from '../../../../../test/identity/served.ts'

let served: Served
beforeAll(async () => {
  served = await serveIdentity()
  await claimByPassword(served)
})
afterAll(() => served.close())

test('a standard client signs in and its token names the person at every request', async () => {
  const { tokens } = await signInCommandLine(served.url)
  expect(tokens.expires_in).toBe(600)
  const who = await fetch(`${served.url}/who`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  })
  expect(await who.json()).toMatchObject({ kind: 'session', email: 'ana@example.com' })
})
