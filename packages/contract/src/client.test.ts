import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { builds } from './builds.operations.ts'
import { createClient, type Client } from './client.ts'
import { Fault } from './fault.ts'
import { orgs } from './orgs.operations.ts'
import { sessions } from './sessions.operations.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Listening on an IP address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const withToken = (baseUrl: string): Client =>
  createClient({ baseUrl, headers: () => ({ Authorization: 'Bearer secret' }) })

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Fault)) throw new Error(`No fault, but ${String(error)}`)
  return error
}

test('a fault of the server arrives with its code, message, fix, details and request id', async () => {
  const url = await serve((_, res) => {
    res.writeHead(403, { 'Content-Type': 'application/json' }).end(
      JSON.stringify({
        error: 'Forbidden',
        message: 'No.',
        code: 'scope_missing',
        requestId: 'req_1',
        fix: 'ask',
        details: { needed: ['build'] },
      }),
    )
  })
  const fault = await faultOf(withToken(url).call(orgs.list, {}))
  expect(fault).toMatchObject({
    code: 'scope_missing',
    message: 'No.',
    fix: 'ask',
    requestId: 'req_1',
    details: { needed: ['build'] },
  })
})

test.each([301, 302, 307, 308])(
  'a %i to another origin is not followed: the credential stays',
  async (status) => {
    const asked: unknown[] = []
    const other = await serve((req, res) => {
      asked.push(req.headers)
      res.end()
    })
    const url = await serve((_, res) => {
      res.writeHead(status, { Location: `${other}/api/orgs` }).end()
    })
    const fault = await faultOf(withToken(url).call(orgs.list, {}))
    expect(fault.code).toBe('not_norrix')
    expect(fault.message).toContain(other)
    expect(asked).toEqual([])
  },
)

test.each([
  ['a web page', 200, 'text/html', '<html>'],
  ['a web page of a proxy', 502, 'text/html', '<html>'],
  ['JSON of somebody else', 401, 'application/json', '{"error":"nope"}'],
  ['broken JSON', 200, 'application/json', '{"items":'],
  ['no type at all', 200, '', 'hello'],
])('%s is not taken for Norrix', async (_, status, type, body) => {
  const url = await serve((_req, res) => {
    res.writeHead(status, type === '' ? {} : { 'Content-Type': type }).end(body)
  })
  expect((await faultOf(withToken(url).call(orgs.list, {}))).code).toBe('not_norrix')
})

test('a server that is not there is named with the cause', async () => {
  const url = await serve(() => {})
  await new Promise((resolve) => servers.pop()?.close(resolve))
  const fault = await faultOf(withToken(url).call(orgs.list, {}))
  expect(fault).toMatchObject({ code: 'network', details: { cause: 'ECONNREFUSED' } })
  expect(fault.message).toContain(new URL(url).host)
})

test('a value in a path or a query adds no segment and no parameter', async () => {
  let seen = ''
  const url = await serve((req, res) => {
    seen = req.url ?? ''
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}')
  })
  await withToken(url).call(orgs.show, { params: { orgId: '../../x?y=1' } })
  expect(seen).toBe('/api/orgs/..%2F..%2Fx%3Fy%3D1')
  await withToken(url).call(orgs.list, { query: { cursor: 'a&limit=9' } })
  expect(seen).toBe('/api/orgs?cursor=a%26limit%3D9')
})

test('a refusal is sent again once after the credential was renewed, never twice', async () => {
  const tokens: (string | undefined)[] = []
  const url = await serve((req, res) => {
    tokens.push(req.headers.authorization)
    res
      .writeHead(401, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ message: 'Over.', code: 'session_ended', requestId: 'req_1' }))
  })
  let token = 'old'
  const client = createClient({
    baseUrl: url,
    headers: () => ({ Authorization: token }),
    renew: async (refusal) => {
      token = 'new'
      return refusal.code === 'session_ended'
    },
  })
  expect((await faultOf(client.call(sessions.whoami, {}))).code).toBe('session_ended')
  expect(tokens).toEqual(['old', 'new'])
})

test('bytes go up whole, with their size, and are read back', async () => {
  const url = await serve((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const size = Buffer.concat(chunks).length
      const body = JSON.stringify({ size, announced: req.headers['content-length'] })
      res.writeHead(200, { 'Content-Type': 'application/json' }).end(body)
    })
  })
  const bytes = { sizeBytes: 100_000, open: () => new Blob(['x'.repeat(100_000)]).stream() }
  const answer = await withToken(url).upload(builds.uploadSource, {
    params: { orgId: 'org_1' },
    query: { sha256: 'a'.repeat(64), files: 1 },
    bytes,
  })
  expect(answer).toEqual({ size: 100_000, announced: '100000' })
})

test('events arrive one by one with their ids, however the bytes are cut', async () => {
  const text =
    ':\n\nid: 5\ndata: {"type":"log","text":"h\u00e9llo"}\n\ndata: {"type":\ndata: "end"}\r\n\r\n'
  const url = await serve((_, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    const bytes = Buffer.from(text)
    let at = 0
    const step = (): void => {
      if (at >= bytes.length) return void res.end()
      res.write(bytes.subarray(at, (at += 3)))
      setImmediate(step)
    }
    step()
  })
  const params = { orgId: 'org_1', buildId: 'build_1' }
  const received: unknown[] = []
  for await (const one of withToken(url).stream(builds.log, { params })) received.push(one)
  expect(received).toEqual([
    { id: '5', event: { type: 'log', text: 'h\u00e9llo' } },
    { id: undefined, event: { type: 'end' } },
  ])
})

test('a stream that breaks is a network fault, not an end', async () => {
  const url = await serve((_, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.write('data: {"type":"end"}\n\n', () => setTimeout(() => res.destroy(), 20))
  })
  const received: unknown[] = []
  const read = async (): Promise<void> => {
    const params = { orgId: 'org_1', buildId: 'build_1' }
    for await (const one of withToken(url).stream(builds.log, { params })) received.push(one)
  }
  expect((await faultOf(read())).code).toBe('network')
  expect(received).toHaveLength(1)
})
