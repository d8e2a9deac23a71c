// The floor: the least that a server on `node:http` can do. A process of its own, as ours is.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FixedAnswer } from './floor.ts'

/** Answers by path. */
const fixed = new Map<string, FixedAnswer>()
const waiting: ServerResponse[] = []

const server = createServer((req, res) => {
  const path = req.url ?? ''
  const answer = fixed.get(path)
  if (answer) {
    res.writeHead(200, answer.headers).end(answer.body)
    return
  }
  // Two who meet: one waits, the other rings.
  if (path === '/wait') waiting.push(res)
  else {
    waiting.shift()?.end()
    res.end()
  }
})

process.on('message', (answers: Record<string, FixedAnswer>) => {
  for (const [path, answer] of Object.entries(answers)) fixed.set(path, answer)
  const { port } = server.address() as AddressInfo // it listens on TCP
  process.send?.(`http://127.0.0.1:${port}`)
})
process.on('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.('ready'))
