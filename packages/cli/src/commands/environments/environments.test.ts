import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startNorrix, type Norrix } from '../../../../../test/kit/norrix.ts'
import { fetchBound } from '../../../../../test/kit/proofs.ts'
import { runNorrix, temporaryHome, type Ran } from '../../../../../test/kit/run-norrix.ts'
import { claim, signIn } from '../../../../../test/kit/sign-in.ts'
import { storedSession } from '../../../../../test/kit/stored-session.ts'
import { typeInTerminal } from '../../../../../test/kit/terminal.ts'

let norrix: Norrix
const home = temporaryHome()
beforeAll(async () => {
  norrix = await startNorrix({ kinds: ['prod', 'dev'] })
  await claim(norrix.prod)
})
afterAll(async () => {
  await norrix.stop()
  home.remove()
})

const run = (words: string): Promise<Ran> =>
  runNorrix(words.split(' '), { home: home.path, here: true })
const one = (text: string): string => text.replaceAll(/\s+/g, ' ')

test('prod and dev are listed before anything is known, and which one commands use', async () => {
  expect((await run('environments list')).stdout).toBe(
    '   NAME  SERVER    SIGNED IN\n*  prod  none yet  no\n   dev   none yet  no\n',
  )
})

test('a server is added under a name, after it has said what it is, and trusted like one of a sign-in', async () => {
  const added = await run(`environments add staging ${norrix.prod.url}/`)
  expect(added).toMatchObject({ code: 0, stderr: '' })
  expect(added.stdout).toBe(
    `✓ staging is ${norrix.prod.url}, a prod server.\n  next          norrix sign-in --env staging\n`,
  )
  expect(await run(`environments add staging ${norrix.prod.url}`)).toMatchObject({ code: 0 })
  const session = await signInTo('staging')
  expect(session.issuer).toBe(norrix.prod.url)
  const { environments } = JSON.parse((await run('environments list --json')).stdout)
  expect(environments).toContainEqual({
    name: 'staging',
    isCurrent: false,
    url: norrix.prod.url,
    kind: 'prod',
    from: 'user',
    signedInAs: 'ana@example.com',
  })
})

test('a name that has a server keeps it, and what is no server or no name gets none', async () => {
  const other = await run(`environments add staging ${norrix.dev.url}`)
  expect(other).toMatchObject({ code: 1, stdout: '' })
  expect(one(other.stderr)).toContain(`✗ staging is ${norrix.prod.url} already.`)
  expect(one((await run(`environments add prod ${norrix.dev.url}`)).stderr)).toContain(
    'is a dev server; this command signs in to prod',
  )
  for (const [words, code] of [
    ['environments add ../x https://norrix.example.com', 2],
    ['environments add aux https://norrix.example.com', 2],
    ['environments add lab http://norrix.example.com', 2],
    ['environments add lab http://127.0.0.1:9', 7],
    ['environments add lab', 2],
    ['environments add lab https://norrix.example.com --env dev', 2],
    ['environments remove prod', 2],
    ['environments remove dev', 2],
    ['environments remove nowhere', 1],
  ] as const)
    expect({ words, code: (await run(words)).code }).toEqual({ words, code })
})

test('an environment with a session is removed when somebody says so, and its sessions of every profile end on the server', async () => {
  const session = await signInTo('staging')
  const refused = await run('environments remove staging')
  expect(refused).toMatchObject({ code: 2, stdout: '' })
  expect(one(refused.stderr)).toContain('norrix environments remove staging --yes')
  const asked = typeInTerminal(['environments', 'remove', 'staging'], { home: home.path })
  await asked.waitFor(/Sign out there and remove it\?/)
  asked.press('n')
  expect(await asked.ended).toBe(130)
  await signIn(norrix.prod.url, {
    home: home.path,
    here: true,
    words: ['--env', 'staging', '--profile', 'work'],
  })
  const ask = () =>
    fetchBound({ token: session.accessToken, key: session.key }, `${norrix.prod.url}/api/whoami`)
  expect((await ask()).status).toBe(200)
  const removed = await run('environments remove staging --yes --json')
  expect(JSON.parse(removed.stdout)).toEqual({
    removed: 'staging',
    sessions: 2,
    endedOnServer: true,
  })
  expect((await ask()).status).toBe(401)
  expect(existsSync(join(home.path, '.norrix/staging'))).toBe(false)
  expect((await run('environments list')).stdout).not.toContain('staging')
  expect((await run('whoami --env staging')).code).toBe(4)
})

async function signInTo(name: string): ReturnType<typeof storedSession> {
  const done = await signIn(norrix.prod.url, {
    home: home.path,
    here: true,
    words: ['--env', name],
  })
  expect(done.code).toBe(0)
  return storedSession(home.path, name)
}
