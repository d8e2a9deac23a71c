import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { builds } from '@norrix/contract/builds.operations'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { commandProject, type TemporaryProject } from '../kit/project.ts'
import { fetchBound, proof } from '../kit/proofs.ts'
import { runNorrix, temporaryHome } from '../kit/run-norrix.ts'
import { approve } from '../kit/sign-in.ts'
import { storedSession } from '../kit/stored-session.ts'
import { keys, typeInTerminal, type InTerminal } from '../kit/terminal.ts'

/** One person at one terminal, from signing in to signing out. Each test goes on where the one before it ended. */
const home = temporaryHome()
let norrix: Norrix
let resident: Resident
let labId: string
let project: TemporaryProject

beforeAll(async () => {
  norrix = await startNorrix({ runner: {} })
  resident = await settleIn(norrix.prod)
  labId = (await resident.makeOrg('Nightly Lab')).id
  project = commandProject('echo made by hand; mkdir out; echo app > out/app.apk', ['out/*.apk'])
  if (!(await norrix.prod.runner)) throw new Error(norrix.log.join(''))
}, 60_000)
afterAll(async () => {
  await norrix.stop()
  project.remove()
  home.remove()
})

const type = (words: string, cwd = home.path, env = {}): InTerminal =>
  typeInTerminal(words.split(' '), { home: home.path, cwd, env })

test('sign-in opens the browser at the address that it prints, and ends when the person there says yes', async () => {
  const opened = join(home.path, 'opened')
  const opener = join(home.path, 'opener.mjs')
  // Stands for a browser's window: it only notes what it was asked to open.
  writeFileSync(
    opener,
    `import fs from 'fs'; fs.writeFileSync(${JSON.stringify(opened)}, process.argv[2])`,
  )
  const terminal = type(`sign-in ${norrix.prod.url}`, home.path, {
    BROWSER: `${process.execPath} ${opener}`,
  })
  await terminal.waitFor(/Your browser should open. If it does not, visit:/)
  // The terminal breaks what is longer than its line; what was opened is whole.
  await expect.poll(() => readIfThere(opened), { timeout: 20_000 }).toContain('/authorize?')
  const address = readFileSync(opened, 'utf8')
  expect(terminal.seen().replaceAll('\n', '')).toContain(address)
  await terminal.waitFor(/Waiting, 4:\d\d left · stop: Ctrl-C/)
  await approve(resident.browser, address)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain(`✓ Signed in as ${resident.email}`)
  expect(terminal.seen()).toContain('2 of yours; choose with norrix orgs select')
})

test('orgs select moves by arrow keys and keeps what Enter chose as the default', async () => {
  const terminal = type('orgs select')
  await terminal.waitFor(/Your default organization for prod\?/)
  await terminal.waitFor(/Nightly Lab/)
  terminal.press(keys.down)
  terminal.press(keys.enter)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain(`✓ Nightly Lab (${labId}), owner is your default for prod.`)
  const current = type('orgs current')
  expect(await current.ended).toBe(0)
  expect(current.seen()).toContain('because  chosen with `norrix orgs select` for prod')
})

test('leaving the choice with Ctrl-C changes nothing, and ends with 130', async () => {
  const terminal = type('orgs select')
  await terminal.waitFor(/Nightly Lab/)
  terminal.press(keys.ctrlC)
  expect(await terminal.ended, terminal.seen()).toBe(130)
  expect(terminal.seen()).toContain('nothing has changed')
  const current = type('orgs current')
  expect(await current.ended).toBe(0)
  expect(current.seen()).toContain(labId)
})

test('build shows its steps, its log and its artifact as they come', async () => {
  const terminal = type('build android release', project.path)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  const seen = terminal.seen()
  expect(seen).toContain('prod · Nightly Lab · hello 1.2.0 (7) · android release')
  for (const step of ['packed', 'uploaded', 'queued', 'running', 'succeeded'])
    expect(seen).toMatch(new RegExp(`^✓ ${step} `, 'm'))
  expect(seen).toContain('│ made by hand')
  expect(seen).toMatch(/app\.apk {2}4 bytes {2}sha256 /)
}, 60_000)

test('Ctrl-C leaves a build running, says how to come back, and ends with 130', async () => {
  const slow = commandProject('echo going; while [ ! -e stop ]; do sleep 0.2; done', ['*'])
  const terminal = type('build android release', slow.path)
  const [, buildId = ''] = await terminal.waitFor(/(build_\w+)/)
  await terminal.waitFor(/│ going/)
  terminal.press(keys.ctrlC)
  expect(await terminal.ended, terminal.seen()).toBe(130)
  expect(terminal.seen()).toContain(`You stopped watching. ${buildId} goes on (running).`)
  expect(terminal.seen()).toContain(`norrix builds logs ${buildId} --follow`)
  expect(terminal.seen()).toContain(`norrix builds cancel ${buildId}`)
  const params = { orgId: labId, buildId }
  expect((await resident.client.call(builds.show, { params })).state).toBe('running')
  const back = type(`builds logs ${buildId} --follow`)
  await back.waitFor(/going/)
  const cancel = type(`builds cancel ${buildId}`)
  expect(await cancel.ended, cancel.seen()).toBe(0)
  await back.ended
  await expect
    .poll(async () => (await resident.client.call(builds.show, { params })).state)
    .toBe('cancelled')
  slow.remove()
}, 60_000)

test('sign-out removes the session here, and the server refuses both of its tokens from then on', async () => {
  const { accessToken, refreshToken, tokenEndpoint, key } = await storedSession(home.path)
  const whoami = () => fetchBound({ token: accessToken, key }, `${norrix.prod.url}/api/whoami`)
  expect((await whoami()).status).toBe(200)
  const terminal = type('sign-out')
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain(
    `✓ Signed out of prod: the session of ${resident.email} is over.`,
  )
  expect(readIfThere(join(home.path, '.norrix/prod/session.json'))).toBe('')
  const refused = await whoami()
  expect(refused.status).toBe(401)
  expect(await refused.json()).toMatchObject({ code: 'session_ended' })
  const renewed = await fetch(tokenEndpoint, {
    method: 'POST',
    headers: { dpop: await proof(key, { method: 'POST', url: tokenEndpoint }) },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: 'norrix-cli',
    }),
  })
  expect(renewed.status).toBe(400)
  expect(await renewed.json()).toMatchObject({ error: 'invalid_grant' })
  const after = await runNorrix(['whoami'], { home: home.path })
  expect(after.code).toBe(4)
  expect(after.stderr).toContain('not_signed_in')
})

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
