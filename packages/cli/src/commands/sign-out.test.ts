import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { sessions } from '@norrix/contract/sessions.operations'
import { settleIn, type Resident } from '../../../../test/kit/at-the-terminal.ts'
import { leavingServer, type LeavingServer } from '../../../../test/kit/leaving-server.ts'
import { startNorrix, type Norrix } from '../../../../test/kit/norrix.ts'
import { runNorrix, temporaryHome, type Ran } from '../../../../test/kit/run-norrix.ts'
import { claim, signIn } from '../../../../test/kit/sign-in.ts'

let place: LeavingServer
let dev: Norrix
let ana: Resident
const homes: (() => void)[] = []
beforeAll(async () => {
  ;[place, dev] = await Promise.all([leavingServer(), startNorrix({ kinds: ['dev'] })])
  ana = await settleIn(place.server)
  await claim(dev.dev)
})
afterEach(() => homes.splice(0).forEach((remove) => remove()))
afterAll(async () => {
  await place?.stop()
  await dev?.stop()
})

/** A machine of ana's, signed in to prod unless said otherwise. */
async function machine(...kinds: ('prod' | 'dev')[]) {
  const { path, remove } = temporaryHome()
  homes.push(remove)
  const norrix = (words: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    runNorrix(words.split(' '), { home: path, here: true, env })
  const enter = async (kind: 'prod' | 'dev'): Promise<Ran> => {
    const [url, words] = kind === 'prod' ? [place.url, []] : [dev.dev.url, ['--dev']]
    const done = await signIn(url, { home: path, here: true, words })
    expect(done.code, done.stderr).toBe(0)
    return done
  }
  for (const kind of kinds.length > 0 ? kinds : (['prod'] as const)) await enter(kind)
  const folder = join(path, '.norrix/prod')
  const leftovers = () => readdirSync(folder).filter((name) => name.startsWith('signed-out-'))
  return { norrix, enter, folder, leftovers }
}

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ')
const untold =
  /^! Signed out here\. The server could not be told: this session stays valid there until \d{1,2} \w{3}(?: \d{4})?\. norrix finishes it at your next command, or revoke it at http:\/\/localhost:\d+\/account\/sessions $/
/** How many command lines the server holds signed in. */
const commandLines = async (): Promise<number> =>
  (await ana.client.call(sessions.list, {})).items.filter(({ kind }) => kind === 'cli').length

test('T39: signed out without the server, the session is gone here at once, and over there at the next command', async () => {
  const { norrix, folder, leftovers } = await machine()
  const before = await commandLines()
  await place.leave()
  const out = await norrix('sign-out')
  expect(out).toMatchObject({ code: 0, stderr: '' })
  expect(flat(out.stdout)).toMatch(untold)
  expect(readdirSync(folder)).not.toContain('session.json')
  const [left = ''] = leftovers()
  expect(lstatSync(join(folder, left)).mode & 0o777).toBe(0o600)
  const text = readFileSync(join(folder, left), 'utf8')
  const kept = Object.keys(JSON.parse(text))
  expect(kept.filter((name) => /accessToken|key/i.test(name))).toEqual([])
  // Still away: nothing is lost, and the command says what it would have said.
  expect(await norrix('whoami')).toMatchObject({ code: 4 })
  expect(leftovers()).toEqual([left])

  await place.comeBack()
  expect(await commandLines()).toBe(before)
  expect(await renewWith(text)).toMatchObject({ error: 'invalid_grant' })
  const who = await norrix('whoami')
  expect(who.code).toBe(4)
  expect(who.stderr).toContain('not_signed_in')
  expect(flat(who.stderr)).toContain(
    '✓ The session of ana@example.com that you signed out of earlier is over on prod too.',
  )
  expect(leftovers()).toEqual([])
  expect(await commandLines()).toBe(before - 1)
  expect((await norrix('whoami')).stderr).not.toContain('signed out of earlier')
})

test('T39: a new sign-in and another sign-out finish it as well; while the server is away the second says so again', async () => {
  const { norrix, enter, leftovers } = await machine()
  const before = await commandLines()
  await place.leave()
  await norrix('sign-out')
  const again = await norrix('sign-out')
  expect(again.code).toBe(0)
  expect(again.stdout).toBe('You are not signed in to prod.\n')
  expect(flat(again.stderr)).toMatch(untold)
  await place.comeBack()
  expect((await norrix('sign-out')).stderr).toContain('is over on prod')
  expect([leftovers(), await commandLines()]).toEqual([[], before - 1])

  await enter('prod')
  await place.leave()
  await norrix('sign-out')
  await place.comeBack()
  expect((await enter('prod')).stderr).toContain('is over on prod')
  expect([leftovers(), await commandLines()]).toEqual([[], before])
})

test('T39: a server that takes the connection and stays silent is given 3 s', async () => {
  const { norrix, leftovers } = await machine()
  await place.leave()
  const silent = await listenSilently(place.port)
  const began = performance.now()
  const out = await norrix('sign-out')
  const took = performance.now() - began
  silent.close()
  await place.comeBack()
  expect(flat(out.stdout)).toMatch(untold)
  expect(took).toBeGreaterThan(2900)
  expect(took).toBeLessThan(4500)
  expect(leftovers()).toHaveLength(1)
})

test('a session that was revoked elsewhere is signed out of like any other', async () => {
  const { norrix, leftovers } = await machine()
  const [newest] = (await ana.client.call(sessions.list, {})).items
  await ana.client.call(sessions.revoke, { params: { sessionId: newest?.id ?? '' } })
  const out = await norrix('sign-out')
  expect(out).toMatchObject({ code: 0, stderr: '' })
  expect(out.stdout).toContain('✓ Signed out of prod')
  expect(leftovers()).toEqual([])
})

test('signing out twice is no fault, and what still works is named', async () => {
  const { norrix } = await machine('prod', 'dev')
  const out = await norrix('sign-out', { NORRIX_API_KEY: 'nrx_whatever' })
  expect(out.code).toBe(0)
  expect(flat(out.stderr)).toBe(
    'You are still signed in to dev; norrix sign-out --all ends that too. ! NORRIX_API_KEY is still set; signing out does not touch it. ',
  )
  const json = await norrix('sign-out --json')
  expect(json.code).toBe(0)
  expect(JSON.parse(json.stdout)).toEqual({
    signedOut: [
      {
        environment: 'prod',
        profile: 'default',
        account: null,
        endedOnServer: true,
        validUntil: null,
      },
    ],
    revoked: null,
    stillWorks: { apiKey: false, sessions: [{ environment: 'dev', profile: 'default' }] },
  })
})

test('--all signs out of every environment of this machine, those that cannot be told included', async () => {
  const { norrix } = await machine('prod', 'dev')
  await place.leave()
  const out = await norrix('sign-out --all')
  await place.comeBack()
  expect(out).toMatchObject({ code: 0, stderr: '' })
  expect(out.stdout).toContain('✓ Signed out of dev: the session of ana@example.com is over.')
  expect(flat(out.stdout)).toContain('! Signed out here. The server could not be told')
  for (const words of ['whoami', 'whoami --dev']) {
    expect((await norrix(words)).stderr).toContain('not_signed_in')
  }
})

test('--all ends the sessions of every profile, each with what it has to finish', async () => {
  const { norrix, folder } = await machine('prod')
  const home = join(folder, '../..')
  const work = { home, here: true, words: ['--profile', 'work'] } as const
  expect((await signIn(place.url, work)).code).toBe(0)
  const one = await norrix('sign-out')
  expect(flat(one.stderr)).toContain('You are still signed in to prod (profile work);')
  await place.leave()
  const out = await norrix('sign-out --all')
  expect(out.code).toBe(0)
  expect(flat(out.stdout)).toContain('! Signed out of prod (profile work) here. The server could')
  await place.comeBack()
  const who = await norrix('whoami --profile work')
  expect(flat(who.stderr)).toContain('is over on prod (profile work) too.')
  expect(who.stderr).toContain('not_signed_in')
})

test('--everywhere ends every session of the account, on other machines and in browsers', async () => {
  const here = await machine()
  const there = await machine()
  const out = await here.norrix('sign-out --everywhere')
  expect(out).toMatchObject({ code: 0, stderr: '' })
  expect(out.stdout).toMatch(
    /^✓ Signed out everywhere: \d+ sessions of ana@example\.com on prod are over\.\n$/,
  )
  expect((await here.norrix('whoami')).stderr).toContain('not_signed_in')
  expect((await there.norrix('whoami')).stderr).toContain('session_ended')
  await expect(ana.client.call(sessions.whoami, {})).rejects.toMatchObject({
    code: 'session_ended',
  })
})

test('--everywhere without the server fails and changes nothing; without a session it says so', async () => {
  const { norrix } = await machine()
  await place.leave()
  const out = await norrix('sign-out --everywhere')
  await place.comeBack()
  expect(out).toMatchObject({ code: 7, stdout: '' })
  expect(out.stderr).toContain('network · exit 7')
  expect(await norrix('whoami')).toMatchObject({ code: 0 })
  await norrix('sign-out')
  expect(await norrix('sign-out --everywhere')).toMatchObject({ code: 4 })
})

test('--all and --everywhere together are refused before anything ends', async () => {
  const { norrix } = await machine()
  expect(await norrix('sign-out --all --everywhere')).toMatchObject({ code: 2 })
  expect(await norrix('whoami')).toMatchObject({ code: 0 })
})

/** What somebody gets who reads the file that a sign-out left, and has no key to its token. */
async function renewWith(text: string): Promise<unknown> {
  const answer = await fetch(`${place.url}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: JSON.parse(text).refreshToken,
      client_id: 'norrix-cli',
    }),
  })
  return answer.json()
}

/** Stands for a network that swallows what is sent. */
async function listenSilently(port: number): Promise<{ close(): void }> {
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => void open.add(socket))
  await new Promise<void>((resolve) => server.listen(port, 'localhost', resolve))
  return {
    close() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
}
