import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Norrix } from './norrix.ts'
import type { Ran } from './run-norrix.ts'
import { asConfigured } from './test-database.ts'

/** The program file of `norrix-server`. */
export const serverMain = fileURLToPath(
  new URL('../../packages/server/src/main.mjs', import.meta.url),
)

/** An operator at the shell of the host: the real command, in a process of its own. */
export interface AtTheHost {
  /** The configuration's file. */
  readonly config: string
  /** A folder for whatever the operator makes. */
  readonly folder: string
  run(words: readonly string[], options?: { readonly input?: string }): Promise<Ran>
  /** Removes the folder. */
  leave(): void
}

/** Sits down beside a prod server that runs: with a configuration that names its address and its data. */
export function sitBeside(norrix: Norrix): AtTheHost {
  const { url: publicUrl, dataFolder: data } = norrix.prod
  const listen = { port: Number(new URL(publicUrl).port) }
  const database = asConfigured(norrix.database(), data)
  return sitAt({ environments: { prod: { publicUrl, listen, data, runner: false, ...database } } })
}

export function sitAt(configuration: unknown): AtTheHost {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-host-'))
  const config = join(folder, 'norrix-server.json')
  writeFileSync(config, JSON.stringify(configuration))
  return {
    config,
    folder,
    run: (words, options) => runNorrixServer(words, { cwd: folder, ...options }),
    leave: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Runs `norrix-server` with these words to its end; nothing of this process's settings reaches it. */
export function runNorrixServer(
  words: readonly string[],
  options: { readonly cwd: string; readonly input?: string },
): Promise<Ran> {
  const child = spawn(process.execPath, [serverMain, ...words], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: options.cwd, LANG: 'C.UTF-8', TZ: 'UTC' },
    stdio: 'pipe',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** `norrix-server serve` in a process of its own. */
export interface Serving {
  readonly child: ChildProcess
  /** What it logged until now, a line each. */
  readonly log: readonly string[]
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
  /** SIGTERM, and waits for the end. */
  stop(): Promise<number | null>
}

/** Serves what the configuration names; resolves when every environment of it answers. */
export async function serveProcess(config: string, environments = 1): Promise<Serving> {
  const cwd = dirname(config)
  const child = spawn(process.execPath, [serverMain, 'serve', '--config', config], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, LANG: 'C.UTF-8', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: string[] = []
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      log.push(line)
      if (log.filter((each) => each.includes('"server.started"')).length === environments) resolve()
    })
    void ended.then((code) => reject(new Error(`norrix-server ended with ${code}: ${stderr}`)))
  })
  return {
    child,
    log,
    ended,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
