import { describe, expect, test } from 'vitest'
import type { CognitoDoubleOptions } from './double.ts'
import { realPool } from './real-pool.ts'
import {
  discover,
  finishSignIn,
  refreshWith,
  refusalOf,
  signIn,
  startSignIn,
  walkSignIn,
} from './sign-in.ts'
import type { Client } from './sign-in.ts'
import { LOGOUT, started, targetOf } from './started.ts'
import { cognitoSuite } from './suite.ts'
import type { PoolUnderTest } from './pool-under-test.ts'
import type { CookieJar } from './walk.ts'

cognitoSuite({ name: 'the double, public client', open: () => underTest({}) })
cognitoSuite({
  name: 'the double, client secret and rotation',
  open: () => underTest({ clientSecret: true, rotation: { retryGracePeriodSeconds: 10 } }),
})

const real = realPool(process.env)
if (real === undefined)
  test.skip('the same suite on a real pool (no NORRIX_TEST_COGNITO_* is set)', () => {})
else cognitoSuite({ name: 'a real one', open: async () => real })

describe('lifetimes, on a clock of the test', () => {
  test('a code is dead after 5 minutes', async () => {
    const { client, clock, close } = await withClock({})
    const attempt = await startSignIn(client)
    const end = await walkSignIn(client, { attempt })
    clock.ms += 5 * 60_000
    expect(await refusalOf(finishSignIn(client, { attempt, callback: end.url }))).toBe(
      'invalid_grant',
    )
    await close()
  })

  test('the hosted cookie is good for one hour and no longer', async () => {
    const { client, clock, close } = await withClock({})
    const jar: CookieJar = new Map()
    await signIn(client, jar)
    clock.ms += 59 * 60_000
    expect(await walkSignIn(client, { attempt: await startSignIn(client), jar })).toMatchObject({
      formsFilled: 0,
    })
    clock.ms += 60_000
    expect(await walkSignIn(client, { attempt: await startSignIn(client), jar })).toMatchObject({
      formsFilled: 1,
    })
    await close()
  })

  test('rotation: the old token works through the grace period, then never again', async () => {
    const { client, clock, close } = await withClock({ rotation: { retryGracePeriodSeconds: 30 } })
    const old = (await signIn(client)).refresh_token
    const next = (await refreshWith(client, old)).refresh_token
    expect(next).not.toBe(old)
    clock.ms += 29_999
    await refreshWith(client, old)
    clock.ms += 1
    expect(await refusalOf(refreshWith(client, old))).toBe('invalid_grant')
    await refreshWith(client, next)
    await close()
  })

  test('rotation without grace: the old token dies at its first use', async () => {
    const { client, close } = await withClock({ rotation: { retryGracePeriodSeconds: 0 } })
    const old = (await signIn(client)).refresh_token
    await refreshWith(client, old)
    expect(await refusalOf(refreshWith(client, old))).toBe('invalid_grant')
    await close()
  })

  test('a rotated token has the remaining life of the first one', async () => {
    const { client, clock, close } = await withClock({
      refreshTokenDays: 1,
      rotation: { retryGracePeriodSeconds: 0 },
    })
    const first = (await signIn(client)).refresh_token
    clock.ms += 23 * 3_600_000
    const second = (await refreshWith(client, first)).refresh_token
    clock.ms += 3_600_000
    expect(await refusalOf(refreshWith(client, second))).toBe('invalid_grant')
    await close()
  })
})

async function underTest(client: CognitoDoubleOptions['client']): Promise<PoolUnderTest> {
  const double = await started(client)
  const { region, userPoolId, domainOrigin, close } = double
  const rotates = client?.rotation !== undefined
  return {
    ...targetOf(double),
    region,
    userPoolId,
    domainOrigin,
    logoutUrl: LOGOUT,
    rotates,
    close,
  }
}

async function withClock(client: CognitoDoubleOptions['client']): Promise<{
  client: Client
  clock: { ms: number }
  close: () => Promise<void>
}> {
  const clock = { ms: Date.now() }
  const double = await started(client, () => clock.ms)
  const found = await discover(targetOf(double))
  return { client: found, clock, close: double.close }
}
