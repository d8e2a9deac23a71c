import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { ask, forkBeside } from './child.ts'

/** What a server once answered, to be said again without any work. */
export interface FixedAnswer {
  /** Names and values in turn. */
  readonly headers: string[]
  readonly body: string
}

export interface Floor {
  readonly url: string
  readonly pid: number
  stop(): void
}

/** Starts the raw server in a process of its own, with these answers by path. */
export async function startFloor(answers: Readonly<Record<string, FixedAnswer>>): Promise<Floor> {
  const child = forkBeside('floor-process.ts')
  await once(child, 'message')
  const url = String(await ask(child, answers))
  if (child.pid === undefined) throw new Error('The floor has no process.')
  return { url, pid: child.pid, stop: () => child.disconnect() }
}

/** What a server of ours answers now, to the byte; Node adds the connection's own headers to each answer by itself. */
export async function recordAnswer(url: string, credential: string): Promise<FixedAnswer> {
  const [answer] = (await once(
    get(url, { headers: { authorization: `Bearer ${credential}` } }),
    'response',
  )) as [IncomingMessage] // documented of `response`
  const body = await text(answer)
  if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}: ${body}`)
  return { headers: withoutOwn(answer.rawHeaders), body }
}

function withoutOwn(raw: readonly string[]): string[] {
  const own = new Set(['connection', 'date', 'keep-alive'])
  return raw.filter((_, index) => !own.has(raw[index - (index % 2)]?.toLowerCase() ?? ''))
}
