import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { platforms as allPlatforms, type Platform } from '@norrix/contract/builds.policy'
import { Fault, faultTable } from '@norrix/contract/fault'
import { startRunner } from './agent.ts'

/**
 * The process beside a server: the token comes on the first line of stdin, since arguments and environment can be read by
 * others. It stops on a signal, and when stdin closes, for then whoever started it is gone.
 */
const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    name: { type: 'string' },
    platforms: { type: 'string', default: 'android' },
    scratch: { type: 'string', default: path.join(tmpdir(), `norrix-runner-${process.pid}`) },
    hide: { type: 'string', multiple: true, default: [] },
    readable: { type: 'string', multiple: true, default: [] },
    pass: { type: 'string', multiple: true, default: [] },
    'allow-no-isolation': { type: 'boolean', default: false },
  },
})

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())

try {
  await startRunner({
    url: values.url ?? 'http://localhost:4400',
    token: await readToken(),
    name: values.name ?? null,
    platforms: readPlatforms(values.platforms),
    scratch: values.scratch,
    hidden: values.hide,
    readable: values.readable,
    env: Object.fromEntries(values.pass.map((name) => [name, process.env[name] ?? ''])),
    allowNoIsolation: values['allow-no-isolation'],
    log: (event, fields) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`),
    signal: stop.signal,
  })
  process.exit(0)
} catch (error) {
  if (!(error instanceof Fault)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exit(faultTable[error.code].exit)
}

function readToken(): Promise<string> {
  const lines = createInterface({ input: process.stdin })
  return new Promise((resolve, reject) => {
    lines.once('line', resolve)
    lines.once('close', () => {
      reject(new Fault('usage', { message: 'The runner token has to come on stdin.' }))
      stop.abort()
    })
  })
}

function readPlatforms(text: string): Platform[] {
  const names: readonly string[] = allPlatforms
  const wanted = text.split(',')
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new Fault('usage', { message: `There is no platform "${unknown}".` })
  }
  return wanted as Platform[] // every one was just found in the list
}
