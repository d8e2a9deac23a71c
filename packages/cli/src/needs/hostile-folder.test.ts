import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runNorrix } from '../../../../test/kit/run-norrix.ts'

/** What lies in a folder that somebody cloned has no say in where a credential comes from and where it goes. */
let folder: string
let server: Server
let asked: string[]
let origin: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'norrix-cloned-'))
  asked = []
  server = createServer((req, res) => {
    asked.push(`${req.url} ${req.headers.authorization}`)
    res.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
})
afterEach(() => {
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const key = formatKey('prod', (count) => randomBytes(count))
const run = (words: string[], env: Record<string, string> = {}) =>
  runNorrix(words, { cwd: folder, env, here: true })

test('a `.env` in the folder is nobody’s: neither its key nor its server is taken (T54)', async () => {
  for (const name of ['.env', '.env.local', '.norrixrc']) {
    writeFileSync(join(folder, name), `NORRIX_API_KEY=${key}\nNORRIX_API_URL=${origin}\n`)
  }
  const { code, stderr } = await run(['whoami'])
  expect(code).toBe(4)
  expect(stderr).toContain('You are not signed in')
  expect(asked).toEqual([])
})

test.each(['url', 'apiUrl', 'server', 'environment', 'environments'])(
  'a project that names a server, as `%s`, is refused, and the key stays here (T50)',
  async (field) => {
    const config = {
      name: 'hello',
      [field]: origin,
      android: { command: 'true', artifacts: ['a'] },
    }
    writeFileSync(join(folder, 'norrix.config.json'), JSON.stringify(config))
    const env = { NORRIX_API_KEY: key, NORRIX_API_URL: 'http://127.0.0.1:19' }
    const { code, stderr } = await run(['build', 'android', 'release'], env)
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`${field}.* is not known`))
    expect(asked).toEqual([])
  },
)
