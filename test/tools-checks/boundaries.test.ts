import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rooms } from '../../boundaries.ts'
import { checkBoundaries } from '../../tools/boundaries/check.ts'

const check = join(import.meta.dirname, '../../tools/check-boundaries.ts')
const store = 'packages/server/src/features/orgs/store.ts'

// A small house that keeps every rule; each test breaks one.
const sound: Readonly<Record<string, string>> = {
  'packages/contract/src/access.policy.ts': 'export type Role = string',
  'packages/contract/src/fault.ts': 'export class Fault extends Error {}',
  'packages/contract/src/operation.ts': 'export type Operation = { id: string }',
  'packages/contract/src/orgs.operations.ts':
    "import type { Operation } from './operation.ts'\nimport type { Org } from './orgs.shapes.ts'\nexport const list: Operation & { org?: Org } = { id: 'orgs.list' }",
  'packages/contract/src/orgs.shapes.ts': "import { z } from 'zod'\nexport type Org = z.ZodType",
  'packages/server/src/kernel/db/database.ts': "import { DatabaseSync } from 'node:sqlite'",
  'packages/server/src/features/audit/index.ts': "export { record } from './store.ts'",
  'packages/server/src/features/audit/store.ts': 'export const record = 1',
  'packages/server/src/features/orgs/index.ts': "import { record } from '../audit/index.ts'",
  [store]: "import { Kysely } from 'kysely'",
  'packages/dashboard/src/pages/orgs/OrgsPage.tsx':
    "import { useState } from 'react'\nimport '../../styles.css'",
  'packages/dashboard/src/styles.css': 'a {}',
  'packages/cli/src/main.ts':
    "import { list } from '@norrix/contract/orgs.operations'\nawait import('./commands/pack.ts')",
  'packages/cli/src/commands/pack.ts': "import { create } from 'tar'",
  'packages/runner/src/main.ts': 'export const home = process.env.HOME',
  'test/story.test.ts': "import { record } from '../packages/server/src/features/audit/index.ts'",
  'tools/tool.mjs': 'export {}',
}

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'norrix-boundaries-'))
  for (const [path, text] of Object.entries(sound)) await put(path, text)
})

afterEach(async () => rm(root, { recursive: true }))

test('a house that keeps every rule passes with exit code 0', async () => {
  const { code, text } = await run()
  expect(text).toContain('Every import is within the boundaries')
  expect(code).toBe(0)
})

test('a broken rule is one line on standard output and exit code 1', async () => {
  await put(store, 'export const x = process.env.X')
  const { code, text } = await run()
  expect(text.split('\n')).toHaveLength(3)
  expect(text).toMatch(/^packages\/.*store\.ts:1 reads process\.env \| .* \| instead: /)
  expect(code).toBe(1)
})

const breaches: readonly [title: string, path: string, text: string, said: string][] = [
  [
    'a policy imports nothing, not even a type',
    'packages/contract/src/access.policy.ts',
    "import type { Fault } from './fault.ts'",
    'access.policy.ts:1 imports packages/contract/src/fault.ts',
  ],
  [
    'an operation loads no shapes',
    'packages/contract/src/orgs.operations.ts',
    "\nimport { org } from './orgs.shapes.ts'",
    'orgs.operations.ts:2 loads packages/contract/src/orgs.shapes.ts',
  ],
  [
    'an inline type specifier counts as loading',
    'packages/contract/src/orgs.operations.ts',
    "import { type Org } from './orgs.shapes.ts'",
    'loads packages/contract/src/orgs.shapes.ts',
  ],
  [
    'an export from elsewhere is an import',
    'packages/cli/src/commands/pack.ts',
    "export { list } from '../../../contract/src/orgs.shapes.ts'",
    'loads packages/contract/src/orgs.shapes.ts',
  ],
  [
    'the CLI does not import zod',
    'packages/cli/src/commands/pack.ts',
    "const { z } = await import('zod')",
    'pack.ts:1 imports zod',
  ],
  [
    'a type of the server does not reach the CLI',
    'packages/cli/src/commands/pack.ts',
    "type X = import('@norrix/server/features/audit/index').X",
    'imports packages/server/src/features/audit/index.ts',
  ],
  [
    'the CLI starts without its heavy packages',
    'packages/cli/src/main.ts',
    "import { create } from './commands/pack.ts'",
    'at the start of packages/cli/src/main.ts → packages/cli/src/commands/pack.ts → tar',
  ],
  [
    'the kernel knows no feature',
    'packages/server/src/kernel/db/database.ts',
    "import { record } from '../../features/audit/index.ts'",
    '(server/features/audit)',
  ],
  [
    'a feature is entered by its door',
    store,
    "import { record } from '../audit/store.ts'",
    'opens packages/server/src/features/audit/store.ts',
  ],
  [
    'a feature calls only down the ladder',
    'packages/server/src/features/audit/store.ts',
    "import type { Org } from '../orgs/index.ts'",
    'imports packages/server/src/features/orgs/index.ts (server/features/orgs)',
  ],
  [
    'only the authorization server knows oidc-provider',
    'packages/server/src/features/identity/accounts.ts',
    "import Provider from 'oidc-provider'",
    'accounts.ts:1 imports oidc-provider',
  ],
  [
    'only the kernel knows node:sqlite',
    store,
    "import { DatabaseSync } from 'sqlite'\nimport { DatabaseSync as D } from 'node:sqlite'",
    'store.ts:2 imports node:sqlite',
  ],
  [
    'a page does not import another page',
    'packages/dashboard/src/pages/builds/BuildsPage.tsx',
    "import { OrgsPage } from '../orgs/OrgsPage.tsx'",
    'imports packages/dashboard/src/pages/orgs/OrgsPage.tsx',
  ],
  [
    'the browser reaches no database driver',
    'packages/dashboard/src/pages/orgs/OrgsPage.tsx',
    "import { Kysely } from 'kysely'",
    'OrgsPage.tsx:1 imports kysely',
  ],
  [
    'the runner knows nothing of the server',
    'packages/runner/src/agent.ts',
    "import { record } from '@norrix/server/features/audit/index'",
    'agent.ts:1 imports packages/server',
  ],
  [
    'a test enters by the front door',
    'test/story.test.ts',
    "import { record } from '@norrix/server/features/audit/store'",
    'story.test.ts:1 opens',
  ],
  [
    'the environment is read in few places',
    store,
    '\n\nexport const x = process.env.X',
    'store.ts:3 reads process.env',
  ],
  [
    'taking the environment apart is reading it',
    store,
    'const { env } = process',
    'store.ts:1 reads process.env',
  ],
  [
    'importing the environment is reading it',
    store,
    "import { env } from 'node:process'",
    'store.ts:1 reads process.env',
  ],
  [
    'a computed import cannot hide',
    store,
    'await import(`./${name}.ts`)',
    'store.ts:1 imports a computed path',
  ],
  [
    'a cycle through types is a cycle',
    'packages/contract/src/operation.ts',
    "import type { list } from './orgs.operations.ts'",
    'imports itself by way of',
  ],
  [
    'an import leads somewhere',
    store,
    "import { x } from './gone.ts'",
    'gone.ts, which does not exist',
  ],
  [
    'a feature stands on the ladder',
    'packages/server/src/features/gifts/index.ts',
    '',
    'gifts/index.ts:1 has no room',
  ],
  [
    'a file of more than 400 lines is refused',
    store,
    'let x\n'.repeat(401),
    'store.ts:1 has 401 lines',
  ],
]

test.each(breaches)('%s', async (_title, path, text, said) => {
  await put(path, text)
  expect(checkBoundaries(root).breaches).toContainEqual(expect.stringContaining(said))
})

test('a file of 251 lines is named and passes', async () => {
  await put(store, 'let x\n'.repeat(251))
  const { breaches: found, warnings } = checkBoundaries(root)
  expect(warnings).toEqual([`${store}: 251 lines; split it before 400`])
  expect(found).toEqual([])
})

test('a test beside the code may open its own folder and no other', async () => {
  const beside = 'packages/server/src/features/orgs/orgs.test.ts'
  await put(beside, "import './store.ts'")
  expect(checkBoundaries(root).breaches).toEqual([])
  await put(beside, "import '../audit/store.ts'")
  expect(checkBoundaries(root).breaches).toHaveLength(1)
})

test('the plan names only rooms that it defines', () => {
  const names = new Set(['*', ...rooms.map((room) => room.name)])
  for (const room of rooms) {
    for (const name of [...(room.imports ?? []), ...(room.types ?? [])])
      expect(names).toContain(name)
  }
})

test('a folder that is no clone is a usage error', async () => {
  await rm(join(root, 'packages'), { recursive: true })
  expect((await run()).code).toBe(2)
})

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

function run(): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [check, root], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text: stdout + stderr })
    })
  })
}
