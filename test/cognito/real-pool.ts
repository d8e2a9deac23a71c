import type { PoolUnderTest } from './pool-under-test.ts'

/**
 * A real user pool to run `cognitoSuite` on. Variables, all prefixed `NORRIX_TEST_COGNITO_`:
 *
 * - `REGION`, `USER_POOL_ID`, `CLIENT_ID`: of the pool and an app client that allows the authorization
 *   code grant, the scopes `openid email`, and token revocation.
 * - `CLIENT_SECRET`: when the app client has one.
 * - `DOMAIN`: origin of the pool's domain, `https://….auth.<region>.amazoncognito.com`, with the branding
 *   version "Hosted UI (classic)": its login page is a plain form.
 * - `CALLBACK_URL`, `LOGOUT_URL`: one registered callback and one registered sign-out URL. Nothing needs
 *   to listen there.
 * - `USERNAME`, `PASSWORD`: a confirmed user without MFA.
 * - `ROTATION`: `on` when the app client rotates refresh tokens.
 *
 * No real pool was reached while this was written: against one, the suite has never run.
 */
export function realPool(env: NodeJS.ProcessEnv): PoolUnderTest | undefined {
  const given = Object.keys(env).filter((name) => name.startsWith(PREFIX) && env[name] !== '')
  if (given.length === 0) return undefined
  const missing = REQUIRED.filter((name) => !env[PREFIX + name]).map((name) => PREFIX + name)
  if (missing.length > 0) throw new Error(`The real pool also needs ${missing.join(', ')}`)
  const value = (name: string): string => env[PREFIX + name] ?? ''
  const clientSecret = value('CLIENT_SECRET')
  return {
    region: value('REGION'),
    userPoolId: value('USER_POOL_ID'),
    issuer: `https://cognito-idp.${value('REGION')}.amazonaws.com/${value('USER_POOL_ID')}`,
    domainOrigin: new URL(value('DOMAIN')).origin,
    clientId: value('CLIENT_ID'),
    ...(clientSecret === '' ? {} : { clientSecret }),
    callbackUrl: value('CALLBACK_URL'),
    logoutUrl: value('LOGOUT_URL'),
    username: value('USERNAME'),
    password: value('PASSWORD'),
    rotates: value('ROTATION') === 'on',
    close: async () => {},
  }
}

const PREFIX = 'NORRIX_TEST_COGNITO_'
const REQUIRED = [
  'REGION',
  'USER_POOL_ID',
  'CLIENT_ID',
  'DOMAIN',
  'CALLBACK_URL',
  'LOGOUT_URL',
  'USERNAME',
  'PASSWORD',
]
