import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { launchBrowser } from '../../tools/browser.ts'
import * as keys from './api-keys.ts'
import * as builds from './builds.ts'
import * as environments from './environments.ts'
import { installFrom, nodeOf } from './machine.ts'
import * as orgs from './orgs.ts'
import * as sessions from './sessions.ts'
import { openWorld, type World } from './world.ts'

/**
 * The page that this project started from, a line at a time: the packed command line, installed by npm from the server that
 * it talks to, under the oldest Node that it supports and under the newest; a real Chromium; prod and dev served; people
 * known to Norrix itself, and to AWS Cognito, for which our double stands. `docs/authentication.md` names these tests.
 *
 * Two half lines have no test because there is nothing to test yet: "`submit` submits apps to stores" and "`update`
 * publishes OTA updates". A key may hold those scopes; what they are for has not been built.
 */
const isLong = process.env['NORRIX_TEST_LONG'] === '1'
/** The long run reads the page in all four, the short one in one of them. */
const worlds = [
  { node: 20, upstream: 'cognito' },
  ...(isLong
    ? [
        { node: 24, upstream: 'embedded' } as const,
        { node: 24, upstream: 'cognito' } as const,
        { node: 20, upstream: 'embedded' } as const,
      ]
    : []),
] as const

/** For the tests that run a dozen commands and more, on a machine with other things to do. */
const patienceMs = isLong ? 600_000 : 120_000

let browser: Browser
let installed: { bin: string; remove(): void } | undefined
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser?.close()
  installed?.remove()
})

describe.each(worlds)('Node $node, $upstream', ({ node, upstream }) => {
  let world: World
  beforeAll(async () => {
    const bin = (): string => installed?.bin ?? ''
    world = await openWorld({ upstream, browser, bin, node: await nodeOf(node) })
    installed ??= await installFrom(world.norrix.prod.url)
  })
  afterAll(() => world?.close())

  // `norrix sign-in` (alias `norrix login`) opens a browser, authenticates through AWS Cognito, stores session tokens locally.
  test('`norrix sign-in` opens a browser, authenticates there, stores session tokens locally', () =>
    sessions.signsIn(world, 'sign-in'))
  test('`norrix login` does what `norrix sign-in` does', () => sessions.signsIn(world, 'login'))

  // `norrix sign-out` (alias `norrix logout`) clears the local session. `norrix whoami` says who is logged in.
  test('`norrix whoami` says who is logged in', () => sessions.saysWho(world))
  test('`norrix sign-out` clears the local session, and its tokens open nothing any more', () =>
    sessions.signsOut(world, 'sign-out'))
  test('`norrix logout` does what `norrix sign-out` does', () => sessions.signsOut(world, 'logout'))

  // Two environments. Production is the default; `--dev` or `--env dev` selects development. The environment decides API
  // endpoints, token storage and organization selection.
  test('production is the default, `--dev` or `--env dev` selects development, and with it the API endpoint', () =>
    environments.decideEndpoint(world))
  test('the environment decides token storage: each has a session of its own, good for nothing on the other', () =>
    environments.decideTokenStorage(world))
  test('the environment decides the organization selection', () =>
    environments.decideOrganization(world))

  // API keys for CI: Dashboard → Settings → API Keys → Create API Key: a name, scopes `build` `submit` `update`, optionally
  // an expiration date, shown once.
  test('Dashboard → Settings → API Keys → Create API Key asks for a name, scopes `build` `submit` `update`, optionally an expiration date, and shows the key once', () =>
    keys.areMadeInTheDashboard(world))
  test('a key with an expiration date works until that day ends where its maker is, and no second longer', () =>
    keys.expire(world))
  // Used as `NORRIX_API_KEY`. Format `nrx_<base64 of random bytes>`. Revoked in the dashboard, dead immediately.
  test('a key is used as `NORRIX_API_KEY`, without a session and without a terminal', () =>
    keys.areUsedInCi(world))
  test('the format of a key is `nrx_<base64 of random bytes>`', () => keys.areRandom(world))
  test('a key revoked in the dashboard is dead immediately', () => keys.dieAtOnce(world))
  // Scopes: `build` creates and manages builds. The other two are "not yet", as said above.
  test('scope `build` creates and manages builds, and a key without it does neither', () =>
    keys.buildByScope(world))

  // `norrix orgs list`, `norrix orgs select` (interactive prompt, sets the default), `norrix orgs current`, and
  // `--org org_abc123` on any command.
  test('`norrix orgs list` lists the organizations and marks the one in use', () =>
    orgs.areListed(world))
  test('`norrix orgs select` asks, and what arrow keys and Enter choose becomes the default', () =>
    orgs.areSelected(world))
  test('`norrix orgs current` says which organization is used, and why', () =>
    orgs.areExplained(world))
  test(
    '`--org` names the organization on any command',
    () => orgs.areNamedByFlag(world),
    patienceMs,
  )

  // Tokens in `~/.norrix/` (macOS, Linux) or `%USERPROFILE%\.norrix\` (Windows), apart for each environment. Where they lie
  // on Windows is decided by a function without effects: packages/cli/src/home/folder.test.ts.
  test('tokens lie in `~/.norrix/`, apart for each environment, for their owner alone', () =>
    environments.keepTokensApart(world))

  // `norrix build ios release` and its like, under a session or a key.
  test('`norrix build ios release` says at once that no runner for ios was ever started, under a session and under a key', () =>
    builds.needARunner(world))
  test(
    '`norrix build ios release` builds on a runner for ios in a process of its own, under a session and under a key',
    () => builds.runElsewhere(world),
    patienceMs,
  )
})
