import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { whoamiReading } from './api/queries.ts'
import { CurrentApiKeysPage, HomePage } from './pages/home/HomePage.tsx'
import { NotFoundPage } from './pages/home/NotFoundPage.tsx'
import { OrgFrame } from './pages/orgs/OrgFrame.tsx'
import type { AddressState } from './parts/address.ts'
import { FaultView } from './parts/FaultView.tsx'
import { paths } from './paths.ts'

/** What stands in the address behind the `?`: texts only, and only those that pages know. */
function addressState(search: Record<string, unknown>): AddressState {
  const known = ['cursor', 'sort', 'platform', 'state', 'tab'] as const
  const pairs = known.flatMap((name) => {
    const value = search[name]
    return typeof value === 'string' ? [[name, value]] : []
  })
  return Object.fromEntries(pairs)
}

/** The pages by their addresses. Each page is loaded when it is first opened; the frame around them at once. */
export function newRouter(queries: QueryClient) {
  const root = createRootRoute({
    component: Outlet,
    validateSearch: addressState,
    notFoundComponent: NotFoundPage,
    // Every page shows who is signed in; without a session there is nothing to show.
    loader: () => queries.ensureQueryData(whoamiReading()),
  })
  const home = createRoute({ getParentRoute: () => root, path: paths.home, component: HomePage })
  const currentApiKeys = createRoute({
    getParentRoute: () => root,
    path: paths.currentApiKeys,
    component: CurrentApiKeysPage,
  })
  const shortBuild = createRoute({
    getParentRoute: () => root,
    path: paths.shortBuild,
    component: lazyRouteComponent(
      () => import('./pages/builds/ShortBuildPage.tsx'),
      'ShortBuildPage',
    ),
  })
  const account = createRoute({
    getParentRoute: () => root,
    path: paths.account,
    component: lazyRouteComponent(() => import('./pages/account/AccountFrame.tsx'), 'AccountFrame'),
  })
  const profile = createRoute({
    getParentRoute: () => account,
    path: '/',
    component: lazyRouteComponent(() => import('./pages/account/AccountPage.tsx'), 'AccountPage'),
  })
  const sessions = createRoute({
    getParentRoute: () => account,
    path: 'sessions',
    component: lazyRouteComponent(() => import('./pages/account/SessionsPage.tsx'), 'SessionsPage'),
  })
  const org = createRoute({ getParentRoute: () => root, path: paths.org, component: OrgFrame })
  const toBuilds = createRoute({
    getParentRoute: () => org,
    path: '/',
    beforeLoad: ({ params }) => {
      throw redirect({ to: paths.builds, params, replace: true })
    },
  })
  const builds = createRoute({
    getParentRoute: () => org,
    path: 'builds',
    component: lazyRouteComponent(() => import('./pages/builds/BuildsPage.tsx'), 'BuildsPage'),
  })
  const build = createRoute({
    getParentRoute: () => org,
    path: 'builds/$build',
    component: lazyRouteComponent(() => import('./pages/builds/BuildPage.tsx'), 'BuildPage'),
  })
  const runners = createRoute({
    getParentRoute: () => org,
    path: 'runners',
    component: lazyRouteComponent(() => import('./pages/runners/RunnersPage.tsx'), 'RunnersPage'),
  })
  const settings = createRoute({
    getParentRoute: () => org,
    path: 'settings',
    beforeLoad: ({ params }) => {
      throw redirect({ to: paths.apiKeys, params, replace: true })
    },
  })
  const apiKeys = createRoute({
    getParentRoute: () => org,
    path: 'settings/api-keys',
    component: lazyRouteComponent(() => import('./pages/api-keys/ApiKeysPage.tsx'), 'ApiKeysPage'),
  })
  const routeTree = root.addChildren([
    home,
    currentApiKeys,
    shortBuild,
    account.addChildren([profile, sessions]),
    org.addChildren([toBuilds, builds, build, runners, settings, apiKeys]),
  ])
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    scrollRestoration: false,
    defaultErrorComponent: ({ error, reset }) => (
      <main className="mx-auto max-w-xl px-3 py-20">
        <title>Norrix</title>
        <FaultView
          heading="h1"
          error={error instanceof Error ? error : new Error(String(error))}
          onRetry={reset}
        />
      </main>
    ),
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof newRouter>
  }
}
