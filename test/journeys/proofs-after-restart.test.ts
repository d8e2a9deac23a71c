import { afterAll, beforeAll, expect, test } from 'vitest'
import { House } from '../crash/house.ts'
import { ana, signInCommandLine } from '../identity/command-line.ts'
import { boundHeaders, fetchBound } from '../kit/proofs.ts'

let house: House
beforeAll(async () => {
  house = await House.build()
  await house.start()
}, 60_000)
afterAll(() => house?.remove())

test('a proof that was used is refused after the server was killed and started again (T33)', async () => {
  const { browser } = await house.settleIn()
  const { bound } = await signInCommandLine(house.url, browser, ana)
  const url = `${house.url}/api/whoami`
  const headers = await boundHeaders(bound, { method: 'GET', url })
  expect((await fetch(url, { headers })).status).toBe(200)
  await house.kill()
  await house.start()
  const replayed = await fetch(url, { headers })
  expect(replayed.status).toBe(401)
  expect(await replayed.json()).toMatchObject({ code: 'proof_invalid' })
  expect((await fetchBound(bound, url)).status).toBe(200)
}, 60_000)
