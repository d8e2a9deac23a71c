import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Readable } from 'node:stream'
import { Fault } from '@norrix/contract/fault'
import type { Surroundings } from '../io/terminal.ts'
import { childEnvironment } from './child-environment.ts'

const timeoutMs = 10_000
const answerBytesMax = 1024 * 1024

export interface EvaluateOptions {
  /** Path of norrix.config.ts or norrix.config.mjs. */
  readonly path: string
  readonly env: Surroundings['env']
  readonly signal: AbortSignal
  readonly timeoutMs?: number
}

/**
 * Runs a configuration in a child process and gives back what it exports, as JSON lets it through. The child has no
 * `NORRIX_*` in its environment; nothing that it prints is read (product ruling 16).
 *
 * @throws Fault config_failed when it throws, hangs for 10 s, ends early or exports what is no JSON
 */
export async function evaluateConfig(options: EvaluateOptions): Promise<unknown> {
  const child = startChild(options)
  const end = () => killWhole(child)
  options.signal.addEventListener('abort', end, { once: true })
  try {
    return readAnswer(await answerOf(child, options.timeoutMs ?? timeoutMs), options)
  } finally {
    options.signal.removeEventListener('abort', end)
    end()
  }
}

function startChild({ path, env }: EvaluateOptions): ChildProcess {
  // In the packed command line both files lie beside this one's chunk, as .js.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const childUrl = new URL(`./config-child${extension}`, import.meta.url)
  const defineUrl =
    extension === '.ts'
      ? new URL('../define-config.ts', import.meta.url)
      : new URL('./define-config.js', import.meta.url)
  return spawn(
    process.execPath,
    [fileURLToPath(childUrl), pathToFileURL(path).href, defineUrl.href],
    {
      env: childEnvironment(env),
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      // A group of its own, so that whatever it starts can be ended with it.
      detached: process.platform !== 'win32',
      windowsHide: true,
    },
  )
}

type Answer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'too-long' | 'too-late' }
  | { readonly kind: 'failed'; readonly cause: unknown }

function answerOf(child: ChildProcess, limitMs: number): Promise<Answer> {
  // stdio[3] was asked for as a pipe above.
  const pipe = child.stdio[3] as Readable
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'too-late' }), limitMs)
    const finish = (answer: Answer): void => {
      clearTimeout(timer)
      resolve(answer)
    }
    child.on('error', (cause) => finish({ kind: 'failed', cause }))
    pipe.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size > answerBytesMax) finish({ kind: 'too-long' })
    })
    pipe.on('error', (cause) => finish({ kind: 'failed', cause }))
    pipe.on('end', () => finish({ kind: 'text', text: Buffer.concat(chunks).toString('utf8') }))
  })
}

function readAnswer(answer: Answer, { path, signal, timeoutMs: limit }: EvaluateOptions): unknown {
  if (signal.aborted) throw signal.reason
  switch (answer.kind) {
    case 'too-late':
      throw failed(path, `did not end within ${(limit ?? timeoutMs) / 1000} s`)
    case 'too-long':
      throw failed(path, 'exports more than 1 MB')
    case 'failed':
      throw failed(path, 'could not be run', answer.cause)
    case 'text': {
      const { config, error } = parse(answer.text, path)
      if (typeof error === 'string') throw failed(path, `failed: ${firstLines(error)}`)
      return config
    }
  }
}

function parse(text: string, path: string): { config?: unknown; error?: unknown } {
  if (text === '') throw failed(path, 'ended the process before it had exported anything')
  try {
    return JSON.parse(text) as { config?: unknown; error?: unknown } // an object of config-child, or checked by the caller
  } catch (cause) {
    throw failed(path, 'wrote something else over its answer', cause)
  }
}

function firstLines(text: string): string {
  return text.split('\n').slice(0, 2).join(' ').slice(0, 300)
}

function failed(path: string, what: string, cause?: unknown): Fault {
  return new Fault('config_failed', {
    message: `${path} ${what}.`,
    fix: 'it must export plain data at once: export default defineConfig({ … })',
    cause,
  })
}

/** Ends the child and all that it has started. */
function killWhole(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended already, and all of its group with it.
  }
}
