import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
