import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const where = join(import.meta.dirname, '../../tools/where.ts')

test('the files of a noun come in the order in which a change to it is made', async () => {
  const { code, out } = await run(['api-keys'])
  expect(code).toBe(0)
  const order = ['api-keys.operations.ts', 'api-keys.shapes.ts', 'schema/tables/api-keys.ts']
  const places = order.map((path) => out.indexOf(path))
  expect(places).toEqual(places.toSorted((one, other) => one - other))
  expect(places).not.toContain(-1)
  expect(out).toMatch(/\d+ files, \d+ lines\n$/)
})

test('a word that no file is called after is an error that names the nouns', async () => {
  const { code, out, err } = await run(['flowers'])
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain('builds')
})

test('no noun is a usage error', async () => {
  expect((await run([])).code).toBe(2)
})

function run(words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [where, ...words], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}
