import { chmodSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/kit/temporary-folder.ts'
import { homePaths } from './folder.ts'
import { pendingSignOutFiles, type PendingSignOuts } from './pending-sign-outs.ts'

const pending = {
  issuer: 'https://norrix.example.com',
  revocationEndpoint: 'https://norrix.example.com/revoke',
  refreshToken: 'a token that is to be given back',
  email: 'ana@example.com',
  expiresAt: '2027-02-22T00:00:00.000Z',
}
let folder: string
let said: string[]
let waiting: PendingSignOuts
beforeEach(() => {
  const homeDir = temporaryFolder()
  folder = join(homeDir, '.norrix/prod')
  said = []
  const notice = (sentence: string): void => void said.push(sentence)
  waiting = pendingSignOutFiles(homePaths({ env: {}, homeDir, cwd: '/' }), notice, () => new Date())
})

const name = 'signed-out-00000000-0000-4000-8000-000000000000.json'
const plant = (): string => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return join(folder, name)
}

test('several wait beside each other, each readable by its owner alone, until each is forgotten', async () => {
  await waiting.keep('prod', pending)
  await waiting.keep('prod', { ...pending, email: 'bob@example.com' })
  const modes = readdirSync(folder).map((file) => lstatSync(join(folder, file)).mode & 0o777)
  expect(modes).toEqual([0o600, 0o600])
  const found = await waiting.read('prod')
  expect(found.map(({ email }) => email).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'ana@example.com',
    'bob@example.com',
  ])
  expect(await waiting.read('dev')).toEqual([])
  await found[0]?.forget()
  expect(await waiting.read('prod')).toMatchObject([{ email: found[1]?.email }])
  expect(said).toEqual([])
})

test('T41: one that others could read is closed, and said so', async () => {
  await waiting.keep('prod', pending)
  const [file = ''] = readdirSync(folder)
  chmodSync(join(folder, file), 0o644)
  expect(await waiting.read('prod')).toHaveLength(1)
  expect(lstatSync(join(folder, file)).mode & 0o777).toBe(0o600)
  expect(said.join()).toContain('was open to others')
})

test('T42: a link in its place is not followed, and is no reason for a command to fail', async () => {
  const elsewhere = join(temporaryFolder(), 'elsewhere.json')
  writeFileSync(elsewhere, JSON.stringify({ version: 1, ...pending }), { mode: 0o600 })
  symlinkSync(elsewhere, plant())
  expect(await waiting.read('prod')).toEqual([])
  expect(said.join()).toContain('is a link')
})

test('T44: a broken one is put aside, said once, and is no reason for a command to fail', async () => {
  writeFileSync(plant(), '{"version":1,"refreshToken":', { mode: 0o600 })
  expect(await waiting.read('prod')).toEqual([])
  expect(said.join()).toContain('put aside')
  expect(await waiting.read('prod')).toEqual([])
  expect(said).toHaveLength(1)
})
