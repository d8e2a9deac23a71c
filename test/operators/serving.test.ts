import { once } from 'node:events'
import { connect } from 'node:net'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { builds } from '@norrix/contract/builds.operations'
import { leases } from '@norrix/contract/leases.operations'
import { freePort } from '../kit/free-port.ts'
import { faultOf } from '../kit/operation-caller.ts'
import { serveProcess, sitAt, type AtTheHost, type Serving } from '../kit/norrix-server.ts'
import { bearer, claim, makeKey, type Person } from '../kit/people.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { startLoad } from './ready-load.ts'

// Each command is a process of its own, whose start takes seconds on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** A served process as its operator sees it: health, metrics, log, and how it goes. */
let host: AtTheHost
let serving: Serving
let url: string
let metricsUrl: string
let ana: Person
let key: string

beforeAll(async () => {
  const [port, metricsPort] = [await freePort(), await freePort()]
  url = `http://localhost:${port}`
  metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`
  host = sitAt({
    environments: {
      prod: {
        data: 'data',
        listen: { port },
        runner: false,
        metrics: { listen: { port: metricsPort } },
        drain: { noticeSeconds: 1, limitSeconds: 5 },
      },
    },
  })
  serving = await serveProcess(host.config)
  const link = (await host.run(['owner-link'])).stdout.trim()
  const server = {
    url,
    kind: 'prod' as const,
    ownerLink: async () => ({ url: link, expiresAt: 0 }),
  }
  ana = await claim({
    ...server,
    dataFolder: '',
    runner: Promise.resolve(undefined),
    stop: async () => {},
  })
  key = (await makeKey(ana)).secret
})
afterAll(async () => {
  await serving.stop()
  host.leave()
})

test('health and readiness answer anybody; metrics answer on their own address alone', async () => {
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'up' })
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: 'ready' })
  expect((await fetch(`${url}/metrics`)).status).toBe(404)
  const mistyped = `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`
  await fetch(`${url}/api/whoami`, { headers: { authorization: `Bearer ${mistyped}` } })
  await queueBuild(ana.client, ana.orgId, { source: Buffer.from('x'), waitForRunner: true })
  const scraped = await fetch(metricsUrl)
  expect(scraped.headers.get('content-type')).toBe('text/plain; version=0.0.4')
  const text = await scraped.text()
  for (const line of [
    /^norrix_request_duration_seconds_bucket\{operation="sessions\.whoami",status="401",le="\+Inf"\} [1-9]/m,
    /^norrix_faults_total\{code="key_invalid"\} 1$/m,
    /^norrix_builds\{state="queued"\} 1$/m,
    /^norrix_queue_depth\{platform="android"\} 1$/m,
    /^norrix_leases_lost_total 0$/m,
    /^process_resident_memory_bytes \d{7,}$/m,
    /^nodejs_eventloop_lag_seconds\{quantile="0\.99"\} \d/m,
  ])
    expect(text).toMatch(line)
  // Every line is one of the format's three (Prometheus exposition format 0.0.4).
  for (const line of text.trimEnd().split('\n')) {
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\n]*",?)+\})? [\d.e+-]+)$/)
  }
  expect((await fetch(metricsUrl.replace('/metrics', '/'))).status).toBe(404)
})

test('the log has a line for each request under its id, and none of what is secret', async () => {
  const answer = await fetch(`${url}/api/whoami?x=${key.slice(4, 30)}`, {
    headers: { authorization: `Bearer ${key}`, 'x-request-id': 'from-a-proxy-1' },
  })
  const requestId = answer.headers.get('x-request-id')
  expect(requestId).toMatch(/^req_/)
  await sleep(100)
  const line = serving.log
    .map((each) => JSON.parse(each))
    .find((each) => each.requestId === requestId)
  expect(line).toMatchObject({
    event: 'request.answered',
    operation: 'sessions.whoami',
    path: '/api/whoami',
    status: 400,
    fault: 'bad_request',
    proxyRequestId: 'from-a-proxy-1',
  })
  expect(serving.log.join('')).not.toContain(key.slice(4, 30))
})

test('a server that is told to stop says so first, lets go of streams and polls, and ends what is under way', async () => {
  const build = await queueBuild(ana.client, ana.orgId, {
    source: Buffer.from('x'),
    waitForRunner: true,
  })
  const added = JSON.parse((await host.run(['runner-token', '--json'])).stdout)
  const machine = bearer(url, added.token)
  const able = {
    os: 'debian',
    version: '1',
    platforms: ['ios' as const],
    isolation: 'uid' as const,
  }
  await machine.call(leases.hello, { body: { name: null, ...able } })
  const polled = machine.call(leases.take, { body: { waitSeconds: 30 } })
  const params = { orgId: ana.orgId, buildId: build.id }
  const streamed = readToEnd(ana.client.stream(builds.log, { params, query: { follow: 'true' } }))
  const slow = await slowUpload(ana.orgId, key)
  await sleep(300)
  const asked = Date.now()
  serving.child.kill('SIGTERM')
  await sleep(300)
  const draining = await fetch(`${url}/readyz`)
  expect(draining.status).toBe(503)
  expect(draining.headers.get('connection')).toBe('close')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  expect(await polled).toEqual({ lease: null })
  expect(await streamed).toBe('ended')
  expect(Date.now() - asked).toBeLessThan(4000)
  expect(await slow.finish()).toMatch(/^HTTP\/1\.1 200 /)
  expect(await serving.ended).toBe(0)
  expect(await faultOf(machine.call(leases.take, { body: { waitSeconds: 0 } }))).toBe('network')
})

test('a server that is starting answers, though only that it is not ready yet', async () => {
  const starting = serveProcess(host.config)
  const seen = new Set<number | string>()
  let isOver = false
  const knock = async (): Promise<void> => {
    while (!isOver) {
      const signal = AbortSignal.timeout(20_000)
      const answer = await fetch(`${url}/readyz`, { signal }).catch((error: Error) => error)
      seen.add(answer instanceof Response ? answer.status : answer.name)
      if (answer instanceof Response) await answer.arrayBuffer()
      else await sleep(1)
    }
  }
  const knocks = [knock(), knock()]
  const started = await starting
  await sleep(100)
  isOver = true
  await Promise.all(knocks)
  await started.stop()
  // Refused connections are TypeErrors of fetch; nothing hung until its timeout.
  expect([...seen]).toEqual(expect.arrayContaining([200, 503, 'TypeError']))
  expect(seen).not.toContain('TimeoutError')
})

test('a second signal does not wait', async () => {
  const config = JSON.parse(readFileSync(host.config, 'utf8'))
  config.environments.prod.drain = { noticeSeconds: 60 }
  writeFileSync(host.config, JSON.stringify(config))
  const second = await serveProcess(host.config)
  second.child.kill('SIGTERM')
  await sleep(200)
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const asked = Date.now()
  second.child.kill('SIGTERM')
  expect(await second.ended).toBe(130)
  expect(Date.now() - asked).toBeLessThan(2000)
})

test('who waits as a server is told to stop gets the answer and the end of the connection at once', async () => {
  const config = JSON.parse(readFileSync(host.config, 'utf8'))
  config.environments.prod.drain = { limitSeconds: 5 }
  writeFileSync(host.config, JSON.stringify(config))
  const waited = await serveProcess(host.config)
  const { token } = JSON.parse((await host.run(['runner-token', '--json'])).stdout)
  const able = {
    os: 'debian',
    version: '1',
    platforms: ['ios' as const],
    isolation: 'uid' as const,
  }
  await bearer(url, token).call(leases.hello, { body: { name: null, ...able } })
  const { orgId } = ana
  const build = await queueBuild(ana.client, orgId, {
    source: Buffer.from('x'),
    waitForRunner: true,
  })
  const poll = askAndAgain('POST /api/runner/lease', token, '{"waitSeconds":30}')
  const stream = askAndAgain(`GET /api/orgs/${orgId}/builds/${build.id}/log`, key)
  await sleep(300)
  waited.child.kill('SIGTERM')
  // Whoever asks on, on a connection that is about to be closed, cannot know whether that was heard.
  const answers = await Promise.all([poll, stream])
  expect(await waited.ended).toBe(0)
  for (const heard of answers) {
    expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(heard).not.toContain('ECONNRESET')
  }
  expect(answers[0]).toContain('\r\nConnection: close\r\n')
})

test('restarts under load fail no request of a client that heeds /readyz', async () => {
  const config = JSON.parse(readFileSync(host.config, 'utf8'))
  config.environments.prod.drain = { noticeSeconds: 1 }
  writeFileSync(host.config, JSON.stringify(config))
  const restarts = process.env['NORRIX_TEST_LONG'] === '1' ? 20 : 2
  let current = await serveProcess(host.config)
  const load = startLoad(url, key)
  for (let count = 0; count < restarts; count += 1) {
    await sleep(1500)
    expect(await current.stop()).toBe(0)
    current = await serveProcess(host.config)
  }
  await sleep(1000)
  const { answered, failed } = await load.stop()
  await current.stop()
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(50)
})

async function readToEnd(events: AsyncIterable<unknown>): Promise<string> {
  try {
    for await (const event of events) if (event === undefined) return 'nothing'
    return 'ended'
  } catch (error) {
    return String(error)
  }
}

/** Asks on a connection of its own and, where that is still there once the answer has ended, once more. All that was heard. */
async function askAndAgain(what: string, credential: string, body = ''): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  const ask = (line: string, sent: string) =>
    socket.write(
      `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${credential}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${sent.length}\r\n\r\n${sent}`,
    )
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text
    if (/(\r\n0\r\n\r\n|"lease":null\})$/.test(heard)) setTimeout(() => ask('GET /healthz', ''), 20)
  })
  socket.on('error', ({ message }) => (heard += `\n${message}`))
  ask(what, body)
  await new Promise((resolve) => socket.once('close', resolve))
  return heard
}

/** An upload that has sent its head and half of its body. */
async function slowUpload(orgId: string, credential: string) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  await once(socket, 'connect')
  const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881' // of "x"
  socket.write(
    `POST /api/orgs/${orgId}/sources?sha256=${sha256}&files=1 HTTP/1.1\r\nHost: x\r\n` +
      `Authorization: Bearer ${credential}\r\nContent-Type: application/gzip\r\nContent-Length: 1\r\n\r\n`,
  )
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => (heard += text))
  return {
    async finish() {
      socket.write('x')
      await once(socket, 'close')
      return heard
    },
  }
}
