import { startCognitoDouble } from './double.ts'
import type { CognitoDouble, CognitoDoubleOptions } from './double.ts'
import type { SignInTarget } from './sign-in.ts'

/** Addresses that the app client registers. Nothing listens there: the walk stops before it calls. */
export const CALLBACK = 'http://localhost:41999/upstream/cognito/callback'
export const LOGOUT = 'http://localhost:41999/signed-out'
export const ANN = { username: 'ann', password: 'Correct-Horse-1', email: 'ann@example.test' }

/** A double with one user, Ann, and an app client as said. */
export function started(
  client: CognitoDoubleOptions['client'],
  now?: () => number,
): Promise<CognitoDouble> {
  return startCognitoDouble({
    users: [ANN],
    client: { callbackUrls: [CALLBACK], logoutUrls: [LOGOUT], ...client },
    ...(now === undefined ? {} : { now }),
  })
}

/** Ann at the first app client. */
export function targetOf(double: CognitoDouble): SignInTarget {
  const { issuer, clientId, clientSecret } = double
  return { issuer, clientId, clientSecret, callbackUrl: CALLBACK, ...ANN }
}
