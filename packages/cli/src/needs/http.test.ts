import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { temporaryHome } from '../../../../test/kit/run-norrix.ts'
import { ask } from './http.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a TCP server has one while it listens
}

test('a form, a text, a blob and a stream arrive whole, with their types', async () => {
  const url = await served((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () =>
      res.end(`${req.method} ${req.headers['content-type']} ${Buffer.concat(chunks).toString()}`),
    )
  })
  const say = async (body: RequestInit['body'], headers = {}) =>
    (await ask(url, { method: 'POST', body: body ?? null, headers })).text()
  expect(await say(new URLSearchParams({ a: 'b c' }))).toBe(
    'POST application/x-www-form-urlencoded;charset=UTF-8 a=b+c',
  )
  expect(await say('{}', { 'Content-Type': 'application/json' })).toBe('POST application/json {}')
  expect(await say(new Blob(['blob']))).toBe('POST undefined blob')
  expect(await say(new Blob(['stream']).stream())).toBe('POST undefined stream')
})

test('a redirect is an answer, and nothing follows it', async () => {
  let asked = 0
  const url = await served((_, res) => {
    asked++
    res.writeHead(302, { Location: '/elsewhere' }).end()
  })
  const answer = await ask(url, {})
  expect([answer.status, answer.ok, answer.headers.get('Location')]).toEqual([
    302,
    false,
    '/elsewhere',
  ])
  expect(asked).toBe(1)
})

test('an answer that breaks off, a connection refused and a wait given up are errors', async () => {
  const broken = await served((_, res) => {
    res.writeHead(200, { 'Content-Length': 100 }).write('half')
    setTimeout(() => res.destroy(), 50)
  })
  await expect((await ask(broken, {})).text()).rejects.toMatchObject({ code: 'ECONNRESET' })
  const mute = await served(() => {})
  await expect(ask(mute, { signal: AbortSignal.timeout(50) })).rejects.toThrow()
  servers.at(-1)?.close()
  servers.at(-1)?.closeAllConnections()
  await expect(ask(mute, {})).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a command that asks a server loads no fetch: its first use alone costs three starts of Node', async () => {
  const url = await served((_, res) => res.writeHead(503).end())
  const home = temporaryHome()
  const hook = join(home.path, 'hook.cjs')
  const undici = 'NativeModule internal/deps/undici/undici'
  writeFileSync(
    hook,
    `process.on('exit', () => console.log(process.moduleLoadList.includes('${undici}'), process.moduleLoadList.includes('NativeModule http')))`,
  )
  const main = fileURLToPath(new URL('../../../../dist/cli/package/norrix.cjs', import.meta.url))
  const loads = (words: readonly string[]) =>
    new Promise<string>((resolve) => {
      const env = { HOME: home.path, NORRIX_API_URL: url, NORRIX_API_KEY: 'nrx_x' }
      const child = spawn(process.execPath, ['-r', hook, ...words], { env })
      let text = ''
      child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
      child.on('close', () => resolve(text.trim()))
    })
  expect(await loads([main, 'whoami'])).toBe('false true')
  // The name of the module is as this Node has it.
  expect(await loads(['-e', `fetch('${url}')`])).toMatch(/^true/)
  home.remove()
})
