import { expect } from 'vitest'
import { PAGE_TITLE } from '../cognito/pages.ts'
import { proof } from '../kit/proofs.ts'
import { ana, authenticate, consent, signIn, whoami, type World } from './world.ts'

/** In a browser that nobody is signed in to, opened by the command itself. */
export async function signsIn(world: World, word: 'sign-in' | 'login'): Promise<void> {
  const { pool, signsInWith } = world
  const { prod } = world.norrix
  const machine = world.newMachine()
  const stranger = await world.newBrowser()
  const page = await stranger.newPage()
  const terminal = machine.type(`${word} ${prod.url}`)
  const address = await machine.opened()
  expect(new URL(address).origin).toBe(prod.url)
  await page.goto(address)
  expect(new URL(page.url()).origin).toBe(pool?.domainOrigin ?? prod.url)
  if (pool) expect(await page.title()).toBe(PAGE_TITLE)
  await authenticate(page, pool)
  await consent(page)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toContain(`Signing in to prod (${prod.url}) with ${signsInWith}.`)
  expect(terminal.seen()).toContain(`✓ Signed in as ${ana.email}`)
  const stored = await machine.session('prod')
  if (!stored) throw new Error('There is no session on the disk.')
  const answer = await whoami(prod, stored)
  expect(await answer.json()).toMatchObject({ user: { email: ana.email } })
  expect(stored.refreshToken.length).toBeGreaterThan(20)
  await stranger.close()
}

export async function saysWho(world: World): Promise<void> {
  const machine = await world.anasMachine()
  const who = await machine.norrix('whoami')
  expect(who).toMatchObject({ code: 0, stderr: '' })
  expect(who.stdout.split('\n')[0]).toBe(ana.email)
  expect(who.stdout).toMatch(new RegExp(`signed in .*, ${world.signsInWith}\n`))
  const nobody = await world.newMachine().norrix('whoami')
  expect(nobody).toMatchObject({ code: 4, stdout: '' })
  expect(nobody.stderr).toContain('not_signed_in')
}

/** The tokens were copied before: what is gone from the disk is dead on the server too. */
export async function signsOut(world: World, word: 'sign-out' | 'logout'): Promise<void> {
  const { prod } = world.norrix
  const machine = world.newMachine()
  await signIn(machine, world.page, `sign-in ${prod.url}`)
  const stored = await machine.session('prod')
  if (!stored) throw new Error('There is no session on the disk.')
  expect((await whoami(prod, stored)).status).toBe(200)
  expect(await machine.norrix(word)).toMatchObject({ code: 0 })
  expect(await machine.session('prod')).toBeUndefined()
  expect((await machine.norrix('whoami')).code).toBe(4)
  expect((await whoami(prod, stored)).status).toBe(401)
  const renewed = await fetch(stored.tokenEndpoint, {
    method: 'POST',
    headers: { dpop: await proof(stored.key, { method: 'POST', url: stored.tokenEndpoint }) },
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: stored.refreshToken,
      client_id: 'norrix-cli',
    }),
  })
  expect(await renewed.json()).toMatchObject({ error: 'invalid_grant' })
}
