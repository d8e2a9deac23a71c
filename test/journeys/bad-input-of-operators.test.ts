import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultTable, type FaultCode } from '@norrix/contract/fault'
import { literally, stack } from '../kit/expect-fault.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'

/** A server that cannot start says why, in the same form as the command line, and ends with the documented exit code. */
const main = fileURLToPath(new URL('../../packages/server/src/main.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'norrix-operator-'))
const config = join(folder, 'norrix-server.json')
let running: Norrix

beforeAll(async () => {
  running = await startNorrix()
})
afterAll(async () => {
  await running.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a port that another program has', async () => {
  const port = Number(new URL(running.prod.url).port)
  write({ environments: { prod: { listen: { port }, data: 'fresh', runner: false } } })
  const says = `Port ${port} on 127.0.0.1 is taken by another program.`
  await expectRefusal('port_taken', says, '`listen.port` in norrix-server.json')
})

test('a data folder that another server uses', async () => {
  const data = running.prod.dataFolder
  write({ environments: { prod: { listen: { port: 0 }, data, runner: false } } })
  await expectRefusal('data_in_use', data, '')
  const alive = await fetch(`${running.prod.url}/.well-known/norrix`)
  expect(alive.status).toBe(200)
})

test('an address that is not of this machine', async () => {
  const listen = { host: '203.0.113.1', port: 0 } // RFC 5737: nobody's
  write({ environments: { prod: { listen, data: 'fresh', runner: false } } })
  await expectRefusal('config_file', 'of 203.0.113.1 here', '`listen.host`')
})

test('a data folder that is a file', async () => {
  writeFileSync(join(folder, 'file'), '')
  write({ environments: { prod: { listen: { port: 0 }, data: 'file', runner: false } } })
  await expectRefusal('data_unusable', join(folder, 'file'), '')
})

test('a configuration that is no JSON', async () => {
  writeFileSync(config, '{ "environments": { "prod": ')
  await expectRefusal('config_file', 'is not JSON', config)
})

test('a configuration that is named and not there', async () => {
  rmSync(config)
  await expectRefusal('config_file', 'cannot be read', config)
})

test('a configuration that is wrong in four places names all four at once', async () => {
  const prod = { listen: { port: 70_000 }, publicUrl: 'norrix', colour: 'red' }
  write({ environments: { prod, test: {} } })
  const stderr = await expectRefusal('config_file', 'The server configuration is not right', config)
  for (const place of ['prod.listen.port', 'prod.publicUrl', 'colour', 'test'])
    expect(stderr).toContain(place)
})

test('a secret that is named and not there', async () => {
  const upstream = {
    kind: 'oidc',
    name: 'Acme SSO',
    issuer: 'https://id.example.com',
    clientId: 'x',
  }
  const upstreams = [{ ...upstream, clientSecretFile: 'secrets/none' }]
  mkdirSync(join(folder, 'secrets'), { recursive: true })
  write({ environments: { prod: { listen: { port: 0 }, data: 'fresh', upstreams } } })
  await expectRefusal('config_file', 'secrets/none cannot be read', config)
})

function write(value: unknown): void {
  writeFileSync(config, JSON.stringify(value))
}

async function expectRefusal(code: FaultCode, says: string, fix: string): Promise<string> {
  const child = spawn(process.execPath, [main], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, LANG: 'C.UTF-8', NORRIX_SERVER_CONFIG: config },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [exit] = await once(child, 'close')
  expect(stderr).not.toMatch(stack)
  expect(stderr).toMatch(/^✗ \S/)
  const flat = stderr.replaceAll(/\n {3,}/g, ' ')
  expect(flat).toContain(says)
  expect(flat).toMatch(new RegExp(String.raw`^ {2}fix {3}.*${literally(fix)}`, 'm'))
  expect(stderr).toMatch(
    new RegExp(String.raw`^ {2}${code} · exit ${faultTable[code].exit}\n$`, 'm'),
  )
  expect(exit).toBe(faultTable[code].exit)
  return stderr
}
