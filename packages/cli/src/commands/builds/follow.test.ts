import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createClient } from '@norrix/contract/client'
import { afterEach, expect, test } from 'vitest'
import { followBuild, type FollowOptions } from './follow.ts'
import { createLogLines } from './log-lines.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

const log = 'first line\nsecond häßlich line\nthird\n'
const bytes = Buffer.from(log)

/** A server of one build's log, which does with each connection what the test says. */
async function serve(
  answers: readonly ((res: ServerResponse, from: number) => void)[],
): Promise<{ options: FollowOptions; froms: number[] }> {
  const froms: number[] = []
  server = createServer((req, res) => {
    const from = Number(new URL(req.url ?? '', 'http://x').searchParams.get('from'))
    froms.push(from)
    const answer = answers[Math.min(froms.length, answers.length) - 1]
    answer?.(res, from)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  // Listening on an IP address.
  const { port } = server.address() as AddressInfo
  const api = createClient({ baseUrl: `http://127.0.0.1:${port}` })
  const { signal } = new AbortController()
  return { froms, options: { api, orgId: 'org_1', buildId: 'build_1', signal, follow: true } }
}

function send(res: ServerResponse, from: number, to: number): void {
  if (!res.headersSent) res.writeHead(200, { 'Content-Type': 'text/event-stream' })
  const text = bytes.subarray(from, to).toString()
  res.write(
    `id: ${to}\ndata: ${JSON.stringify({ type: 'log', offset: from, nextOffset: to, text })}\n\n`,
  )
}
const end = (res: ServerResponse): void => void res.end('data: {"type":"end"}\n\n')

async function textOf(options: FollowOptions): Promise<string> {
  let text = ''
  for await (const event of followBuild(options)) if (event.type === 'log') text += event.text
  return text
}

test('a log that breaks off anywhere is gone on with: nothing lost, nothing twice', async () => {
  const { options, froms } = await serve([
    (res) => {
      send(res, 0, 11)
      setTimeout(() => res.destroy(), 20)
    },
    (res) => void res.writeHead(502, { 'Content-Type': 'text/html' }).end('<html>'),
    (res) => res.destroy(),
    (res, from) => {
      send(res, from, 21)
      res.end()
    },
    (res, from) => {
      send(res, from, bytes.length)
      end(res)
    },
  ])
  const breaks: string[] = []
  expect(await textOf({ ...options, onBreak: ({ code }) => breaks.push(code) })).toBe(log)
  expect(froms).toEqual([0, 11, 11, 11, 21])
  expect(breaks).toEqual(['network', 'not_norrix', 'network'])
})

test('a server that sends a piece again from its beginning is read from where the reader was', async () => {
  const { options } = await serve([
    (res) => {
      send(res, 0, 11)
      res.end()
    },
    (res) => {
      send(res, 0, 30)
      send(res, 11, bytes.length)
      end(res)
    },
  ])
  expect(await textOf(options)).toBe(log)
})

test('a refusal ends the watching at once', async () => {
  const body = JSON.stringify({ message: 'Gone.', code: 'key_revoked', requestId: 'req_1' })
  const { options, froms } = await serve([
    (res) => void res.writeHead(401, { 'Content-Type': 'application/json' }).end(body),
  ])
  await expect(textOf(options)).rejects.toMatchObject({ code: 'key_revoked' })
  expect(froms).toEqual([0])
})

test('a server that stays away is given up in the end', async () => {
  const { options } = await serve([(res) => res.destroy()])
  await expect(textOf({ ...options, patienceMs: 300 })).rejects.toMatchObject({ code: 'network' })
})

test('lines are whole however they come, and the last ones are kept', () => {
  const lines = createLogLines(2)
  expect(lines.add('one\ntw')).toEqual(['one'])
  expect(lines.add('o\n\nthree')).toEqual(['two', ''])
  expect(lines.rest()).toEqual(['three'])
  expect(lines.rest()).toEqual([])
  expect(lines.last).toEqual(['two', 'three'])
})
