import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { leaveKeyDialog, revokeKeyIn } from '../../tools/person-in-browser.ts'
import { projectOf } from './project.ts'
import { inCi, makeKey, whoami, type World } from './world.ts'

const scopes = ['build', 'submit', 'update'] as const

/** By the links that a person follows. */
export async function areMadeInTheDashboard({ page, norrix }: World): Promise<void> {
  await page.goto(norrix.prod.url)
  await page.getByRole('link', { name: 'Settings' }).click()
  await page.getByRole('link', { name: 'API Keys' }).click()
  const dialog = await openForm(page, 'Everything')
  const boxes = await dialog.getByRole('checkbox').all()
  expect(await Promise.all(boxes.map((box) => box.isChecked()))).toEqual([false, false, false])
  for (const scope of scopes) await dialog.getByRole('checkbox', { name: scope }).check()
  expect(await dialog.getByRole('radio', { name: 'No expiration' }).isChecked()).toBe(true)
  await pickLastDay(dialog, '2099-12-31')
  const key = await createAndRead(dialog)
  await leaveKeyDialog(page)
  const row = page.getByRole('row').filter({ hasText: 'Everything' })
  await row.getByText(`${key.slice(0, 12)}…`).waitFor()
  for (const scope of scopes) await row.getByText(scope, { exact: true }).waitFor()
  expect(await page.content()).not.toContain(key)
  await page.reload()
  await row.waitFor()
  expect(await page.content()).not.toContain(key)
}

export async function expire(world: World): Promise<void> {
  const { page } = world
  const { prod } = world.norrix
  await page.goto(`${prod.url}/settings/api-keys`)
  const dialog = await openForm(page, 'Until tomorrow')
  await dialog.getByRole('checkbox', { name: 'build' }).check()
  // Ana's browser is in Tokyo, nine hours before UTC; there is no daylight saving time there.
  const tomorrow = new Date(Date.now() + (24 + 9) * 3_600_000).toISOString().slice(0, 10)
  await pickLastDay(dialog, tomorrow)
  const key = await createAndRead(dialog)
  await leaveKeyDialog(page)
  const use = () => world.newMachine().norrix('whoami', inCi(prod, key))
  expect((await use()).stdout).toMatch(/build · expires \d+ \w{3}/)
  const end = Date.parse(`${tomorrow}T23:59:59+09:00`)
  // The clock goes on while the request is under way: 20 s for a machine that is busy.
  expect((await world.at(end - 20_000, () => whoami(prod, key))).status).toBe(200)
  const late = await world.at(end + 1000, use)
  expect(late).toMatchObject({ code: 4, stdout: '' })
  expect(late.stderr).toContain('key_expired')
}

export async function areUsedInCi(world: World): Promise<void> {
  const { prod } = world.norrix
  const key = await world.keyWith('build')
  const machine = world.newMachine()
  const [who, dev] = await Promise.all([
    machine.norrix('whoami', inCi(prod, key)),
    machine.norrix('whoami --dev', inCi(prod, key)),
  ])
  expect(who).toMatchObject({ code: 0, stderr: '' })
  expect(who.stdout).toMatch(/^API key "build" \(key_\w+, nrx_\w{8}…\)\n/)
  expect(who.stdout).toContain(`Acme (${world.orgs.prod.Acme})`)
  expect(who.stdout).not.toContain(key)
  expect(dev).toMatchObject({ code: 4, stdout: '' })
  expect(dev.stderr).toContain('NORRIX_API_KEY is a prod key; this command talks to dev.')
}

export async function areRandom(world: World): Promise<void> {
  const two = [await world.keyWith('build'), await world.keyWith('submit', 'update')]
  const [one = Buffer.of(), other] = two.map((key) => {
    const [, body = ''] = /^nrx_([A-Za-z0-9]{48})$/.exec(key) ?? []
    const bytes = Buffer.from(body, 'base64')
    expect(bytes.toString('base64')).toBe(body)
    return bytes
  })
  expect([one.length, other?.length]).toEqual([36, 36])
  // The last four are a checksum. That eight of 32 random bytes agree happens once in 10 to the 12.
  const same = [...one.subarray(0, 32)].filter((byte, at) => byte === other?.[at])
  expect(same.length).toBeLessThan(8)
}

export async function dieAtOnce(world: World): Promise<void> {
  const { prod } = world.norrix
  const key = await makeKey(world, 'Stolen', ['build'])
  const machine = world.newMachine()
  expect((await machine.norrix('whoami', inCi(prod, key))).code).toBe(0)
  await revokeKeyIn(world.page, prod.url, 'Stolen')
  expect((await whoami(prod, key)).status).toBe(401)
  const refused = await machine.norrix('whoami', inCi(prod, key))
  expect(refused).toMatchObject({ code: 4, stdout: '' })
  expect(refused.stderr).toMatch(/^✗ This API key was revoked on \d+ \w{3} and no longer works\.\n/)
  expect(refused.stderr).toContain('key_revoked')
}

export async function buildByScope(world: World): Promise<void> {
  const { prod } = world.norrix
  const project = projectOf('true')
  const may = inCi(prod, await world.keyWith('build'))
  const mayNot = inCi(prod, await world.keyWith('submit', 'update'))
  const machine = world.newMachine()
  const create = 'build android release --detach --wait-for-runner'
  const queued = await machine.norrix(create, { ...may, cwd: project.path })
  expect(queued.code, queued.stderr).toBe(0)
  const build = queued.stdout.trim()
  const [list, show, ...refused] = await Promise.all([
    machine.norrix('builds list', may),
    machine.norrix(`builds show ${build}`, may),
    machine.norrix(create, { ...mayNot, cwd: project.path }),
    machine.norrix(`builds cancel ${build}`, mayNot),
  ])
  expect(list.stdout).toContain(build)
  expect(show.stdout).toMatch(/^ {2}state +queued$/m)
  for (const { code, stdout, stderr } of refused) {
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(stderr).toMatch(/"submit and update" \(key_\w+\) has submit, update; build is needed/)
  }
  expect((await machine.norrix(`builds cancel ${build}`, may)).stdout).toContain('is cancelled')
  expect((await machine.norrix('builds list --state cancelled', may)).stdout).toContain(build)
  project.remove()
}

async function openForm(page: Page, name: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Create API Key' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(name)
  return dialog
}

async function pickLastDay(dialog: Locator, day: string): Promise<void> {
  await dialog.getByText('Pick a date').click()
  await dialog.getByLabel('Last day').fill(day)
}

async function createAndRead(dialog: Locator): Promise<string> {
  await dialog.getByRole('button', { name: 'Create API Key' }).click()
  const title = "Copy this key now. It won't be shown again."
  await dialog.getByRole('heading', { name: title }).waitFor()
  const shown = dialog.getByText(/^nrx_\S+$/).first()
  return (await shown.innerText()).trim()
}
