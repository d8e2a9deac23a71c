import { randomBytes } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeDatabase, type TestDatabase } from '../../../../test/kit/test-database.ts'
import type { Tables } from '../schema/index.ts'
import { migrations } from '../schema/migrations/index.ts'
import { openDatabase, type Database } from './db/database.ts'
import { sharedSecrets } from './shared-secrets.ts'

let root: string
let database: TestDatabase
let db: Database<Tables>
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'norrix-secrets-'))
  database = await makeDatabase(root)
  db = openDatabase<Tables>(database.config)
  await db.migrate(migrations)
})
afterEach(async () => {
  await db.close()
  await database.drop()
  rmSync(root, { recursive: true })
})

const folder = (name: string) => join(root, name)
const secrets = (name: string) => sharedSecrets(db.kysely, folder(name))

test('a server with the same files starts, again and again', async () => {
  const made = await secrets('one').keep('pepper')
  cpSync(folder('one'), folder('two'), { recursive: true })
  for (const name of ['one', 'two', 'one']) {
    expect(Buffer.from(await secrets(name).keep('pepper'))).toEqual(Buffer.from(made))
  }
})

test('a server whose secret differs is refused and told which file it is', async () => {
  await secrets('one').keep('pepper')
  cpSync(folder('one'), folder('two'), { recursive: true })
  writeFileSync(join(folder('two'), 'pepper'), 'another')
  await expect(secrets('two').keep('pepper')).rejects.toMatchObject({
    code: 'secrets_differ',
    message: expect.stringContaining(join(folder('two'), 'pepper')),
  })
})

test('a server without the secret makes none of its own', async () => {
  await secrets('one').keep('pepper')
  await expect(secrets('two').keep('pepper')).rejects.toMatchObject({ code: 'secrets_differ' })
  expect(existsSync(join(folder('two'), 'pepper'))).toBe(false)
})

test('of several servers that start first at once one decides, and the others keep nothing of theirs', async () => {
  const names = ['one', 'two', 'three', 'four']
  const starts = await Promise.allSettled(names.map((name) => secrets(name).keep('pepper')))
  expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(names.filter((name) => existsSync(join(folder(name), 'pepper')))).toHaveLength(1)
})

test('the database tells nothing of a secret', async () => {
  const bytes = Buffer.from(await secrets('one').keep('pepper'))
  const held = await database.dump()
  for (const form of ['latin1', 'hex', 'base64', 'base64url'] as const) {
    expect(held.includes(bytes.toString(form))).toBe(false)
  }
  expect(readFileSync(join(folder('one'), 'pepper'))).toEqual(bytes)
})

test('a secret that is replaced is the one that every server has to have from then on', async () => {
  const from = await secrets('one').keep('pepper')
  cpSync(folder('one'), folder('two'), { recursive: true })
  const to = randomBytes(32)
  await secrets('one').replace('pepper', { from, to })
  expect(Buffer.from(await secrets('one').keep('pepper'))).toEqual(to)
  await expect(secrets('two').keep('pepper')).rejects.toMatchObject({ code: 'secrets_differ' })
  // Who has not seen the last one replaces nothing, and leaves nothing behind.
  const late = secrets('two').replace('pepper', { from, to: randomBytes(32) })
  await expect(late).rejects.toMatchObject({ code: 'conflict' })
  expect(readdirSync(folder('two'))).toEqual(['pepper'])
  cpSync(folder('one'), folder('two'), { recursive: true })
  expect(Buffer.from(await secrets('two').keep('pepper'))).toEqual(to)
})

test('of two who replace a secret at once one does', async () => {
  const from = await secrets('one').keep('pepper')
  cpSync(folder('one'), folder('two'), { recursive: true })
  const change = (name: string) => secrets(name).replace('pepper', { from, to: randomBytes(32) })
  const done = await Promise.allSettled([change('one'), change('two')])
  expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('replacing that was cut short after the database knew of it is finished by the next start', async () => {
  const from = await secrets('one').keep('pepper')
  const to = randomBytes(32)
  await secrets('one').replace('pepper', { from, to })
  // As a kill between the two leaves it.
  const file = join(folder('one'), 'pepper')
  renameSync(file, `${file}.0123456789ab`)
  writeFileSync(file, from, { mode: 0o600 })
  expect(Buffer.from(await secrets('one').keep('pepper'))).toEqual(to)
  expect(readdirSync(folder('one'))).toEqual(['pepper'])
})
