import type { SignInTarget } from './sign-in.ts'

/** A pool, real or stand-in, with one app client, one user, one callback and one sign-out URL. */
export interface PoolUnderTest extends SignInTarget {
  region: string
  userPoolId: string
  domainOrigin: string
  logoutUrl: string
  /** Whether the app client rotates refresh tokens. */
  rotates: boolean
  close: () => Promise<void>
}

/** Cognito's own sign-out address (AWS, "The managed login sign-out endpoint"). */
export function signOutLink(pool: PoolUnderTest, target: string): string {
  const query = new URLSearchParams({ client_id: pool.clientId, logout_uri: target })
  return `${pool.domainOrigin}/logout?${query}`
}
