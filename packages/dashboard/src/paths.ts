/** The addresses of the dashboard. `$name` stands for a parameter. */
export const paths = {
  home: '/',
  shortBuild: '/b/$short',
  currentApiKeys: '/settings/api-keys',
  account: '/account',
  sessions: '/account/sessions',
  org: '/o/$org',
  builds: '/o/$org/builds',
  build: '/o/$org/builds/$build',
  runners: '/o/$org/runners',
  settings: '/o/$org/settings',
  apiKeys: '/o/$org/settings/api-keys',
} as const

/** Where the form that signs out is posted to: a page of the server's own. */
export const signOutPath = '/sign-out'

/** Where the server says that one is signed out; a page of its own, too. */
export const signedOutPath = '/signed-out'
