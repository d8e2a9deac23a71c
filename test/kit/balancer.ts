import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { buffer } from 'node:stream/consumers'

/**
 * What stands before several servers. Each request goes to the next server that is ready, so that no two steps of a sign-in are
 * answered by the same one where it can be helped.
 */
export interface Balancer {
  /** What people type. */
  readonly url: string
  /** Requests that got no whole answer although somebody waited for it: each in words. */
  readonly failed: readonly string[]
  /** Requests that were sent once more, to another server. */
  readonly repeated: { readonly refused: number; readonly closedInUse: number }
  add(origin: string): void
  close(): Promise<void>
}

const lookEveryMs = 100

export async function startBalancer(): Promise<Balancer> {
  const targets: Target[] = []
  const failed: string[] = []
  const repeated = { refused: 0, closedInUse: 0 }
  const stopping = new AbortController()
  let turn = 0
  const next = (tried: ReadonlySet<Target>): Target | undefined => {
    const fresh = targets.filter((target) => !tried.has(target))
    const ready = fresh.filter(({ isReady }) => isReady)
    const among = ready.length > 0 ? ready : fresh
    return among[(turn += 1) % among.length]
  }
  const balance = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const asked: Asked = { req, res, body: await buffer(req) }
    const tried = new Set<Target>()
    for (let target = next(tried); target; target = next(tried)) {
      tried.add(target)
      const outcome = await handOn(target, asked)
      if (outcome === 'answered') return
      if (outcome === 'refused' || outcome === 'closedInUse') repeated[outcome] += 1
      else return giveUp(asked, outcome.message)
    }
    giveUp(asked, 'no server could be reached')
  }
  const giveUp = ({ req, res }: Asked, why: string): void => {
    // Who has left does not wait for an answer.
    if (!res.destroyed) failed.push(`${req.method} ${req.url?.split('?')[0]}: ${why}`)
    res.destroy()
  }
  const server = createServer((req, res) => void balance(req, res).catch(() => res.destroy()))
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://localhost:${port}`,
    failed,
    repeated,
    add(origin) {
      const target = { origin, isReady: true, agent: new Agent({ keepAlive: true }) }
      targets.push(target)
      void watch(target, stopping.signal)
    },
    async close() {
      stopping.abort()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      for (const { agent } of targets) agent.destroy()
    },
  }
}

interface Target {
  readonly origin: string
  readonly agent: Agent
  isReady: boolean
}

interface Asked {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly body: Buffer
}

/** While `/readyz` is not 200, nothing new is sent there. */
async function watch(target: Target, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {})
    target.isReady = await fetch(`${target.origin}/readyz`, { signal }).then(
      async (answer) => {
        await answer.arrayBuffer()
        return answer.ok
      },
      () => false,
    )
  }
}

/**
 * Hands a request to a server and its answer back.
 *
 * What may be sent again elsewhere: anything on a connection that was refused, since nothing has been sent; and what changes
 * nothing, where a kept connection was closed in the very moment in which it was used again (RFC 9110 section 9.2.2).
 */
function handOn(
  { origin, agent }: Target,
  { req, res, body }: Asked,
): Promise<'answered' | 'refused' | 'closedInUse' | Error> {
  const { method = 'GET', url = '/' } = req
  const { connection: _, 'transfer-encoding': __, ...headers } = req.headers
  return new Promise((resolve) => {
    const onward = request(`${origin}${url}`, { method, agent, headers }, (answer) => {
      const { connection: ___, 'keep-alive': ____, ...answered } = answer.headers
      res.writeHead(answer.statusCode ?? 502, answered)
      res.flushHeaders()
      answer.pipe(res)
      answer.once('end', () => resolve('answered'))
      answer.once('error', (error) => resolve(new Error(`cut after its head: ${error.message}`)))
    })
    res.once('close', () => onward.destroy())
    onward.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') resolve('refused')
      else if (onward.reusedSocket && isSafe(method)) resolve('closedInUse')
      else resolve(error)
    })
    onward.end(body)
  })
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}
