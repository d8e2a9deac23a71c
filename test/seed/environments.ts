import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { everythingIn } from './machine.ts'
import { signIn, whoami, type World } from './world.ts'

export async function decideEndpoint(world: World): Promise<void> {
  const { prod, dev } = world.norrix
  const machine = await world.anasMachine()
  const [plain, envProd, flag, envDev, both] = await Promise.all([
    machine.norrix('whoami --json'),
    machine.norrix('whoami --json --env prod'),
    machine.norrix('whoami --json --dev'),
    machine.norrix('whoami --json --env dev'),
    machine.norrix('whoami --dev --env prod'),
  ])
  // What the server that answered says of itself.
  const place = ({ stdout }: { stdout: string }): unknown => JSON.parse(stdout).environment
  expect(place(plain)).toMatchObject({ kind: 'prod', url: prod.url, because: 'default' })
  expect(place(envProd)).toMatchObject({ kind: 'prod', url: prod.url })
  expect(place(flag)).toMatchObject({ kind: 'dev', url: dev.url })
  expect(place(envDev)).toMatchObject({ kind: 'dev', url: dev.url })
  expect([plain.stderr, flag.stderr]).toEqual(['', `dev · ${dev.url}\n`])
  expect(both).toMatchObject({ code: 2, stdout: '' })
}

export async function decideTokenStorage(world: World): Promise<void> {
  const { prod, dev } = world.norrix
  const machine = world.newMachine()
  await signIn(machine, world.page, `sign-in ${prod.url}`)
  expect(await machine.session('dev')).toBeUndefined()
  await signIn(machine, world.page, 'login --dev')
  const [ofProd, ofDev] = [await machine.session('prod'), await machine.session('dev')]
  if (!ofProd || !ofDev) throw new Error('There are no two sessions on the disk.')
  expect((await whoami(prod, ofProd)).status).toBe(200)
  expect((await whoami(dev, ofDev)).status).toBe(200)
  expect((await whoami(dev, ofProd)).status).toBe(401)
  expect((await whoami(prod, ofDev)).status).toBe(401)
  expect(await machine.norrix('sign-out --dev')).toMatchObject({ code: 0 })
  expect(await machine.session('dev')).toBeUndefined()
  expect((await machine.norrix('whoami --env dev')).code).toBe(4)
  expect(await machine.session('prod')).toEqual(ofProd)
  expect((await machine.norrix('whoami')).code).toBe(0)
}

export async function decideOrganization(world: World): Promise<void> {
  const { prod, dev } = world.orgs
  const machine = await world.anasMachine()
  const current = async (flag: string): Promise<unknown> =>
    JSON.parse((await machine.norrix(`orgs current --json${flag}`)).stdout).organization.id
  await machine.norrix(`orgs select ${dev['Nightly Lab']} --dev`)
  const chosen = await Promise.all([current(''), current(' --dev')])
  expect(chosen).toEqual([prod.Acme, dev['Nightly Lab']])
  await machine.norrix(`orgs select ${dev.Acme} --env dev`)
  expect(await Promise.all([current(''), current(' --dev')])).toEqual([prod.Acme, dev.Acme])
}

/** Signed in to both under a umask that takes nothing away: what is closed was closed by norrix. */
export async function keepTokensApart(world: World): Promise<void> {
  const { home, session } = await world.anasMachine()
  const found = everythingIn(home).map((path) => ({ path, stats: lstatSync(join(home, path)) }))
  const ours = found.filter(({ path }) => /^\.norrix|^\.local\/state\/norrix/.test(path))
  expect(ours.map(({ path }) => path)).toContain('.local/state/norrix/key')
  for (const { path, stats } of ours) {
    const mode = (stats.mode & 0o777).toString(8)
    expect(`${path} ${mode}`).toBe(`${path} ${stats.isDirectory() ? '700' : '600'}`)
  }
  const files = found
    .filter(({ stats }) => stats.isFile())
    .map(({ path }) => ({ path, text: readFileSync(join(home, path), 'utf8') }))
  for (const environment of ['prod', 'dev']) {
    const { accessToken, refreshToken } = (await session(environment)) ?? {}
    for (const token of [accessToken, refreshToken]) {
      if (token === undefined) throw new Error(`There is no session of ${environment}.`)
      // Encrypted: the session's own file does not show it either, and the key lies outside the folder.
      expect(files.filter(({ text }) => text.includes(token)).map(({ path }) => path)).toEqual([])
      expect(files.map(({ path }) => path)).toContain(`.norrix/${environment}/session.json`)
    }
  }
}
