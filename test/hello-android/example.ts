// Runs the example's own build in a child process, as a person or a runner does.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'vitest'
import { ensureAapt2 } from '../../tools/aapt2.ts'

export const exampleFolder = join(import.meta.dirname, '..', '..', 'examples', 'hello-android')

export type Ran = { exitCode: number; stdout: string; stderr: string }

/** `env` is the whole environment but for PATH, which is this process's unless it is given. */
export async function build(
  args: readonly string[],
  env: Record<string, string> = {},
  folder: string = exampleFolder,
): Promise<Ran> {
  const options = { cwd: folder, env: { PATH: process.env['PATH'] ?? '', ...env } }
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, ['build.mjs', ...args], options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error)
      resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

/** The environment of a build that succeeds without an SDK and keeps its key in `keys`. */
export async function smallBuild(keys: string): Promise<Record<string, string>> {
  return { AAPT2: await ensureAapt2(), NORRIX_EXAMPLE_KEY_DIR: keys }
}

/** A folder that is gone after the test file. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'norrix-hello-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Skips the running test, saying which program is not on this machine. */
export function needs(ctx: TestContext, ...programs: readonly string[]): void {
  for (const program of programs) {
    if (!pathOf(program)) ctx.skip(`no ${program}`)
  }
}

export function pathOf(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file))
}

/**
 * Gives what the program printed on both channels, whatever its exit code. The system's own folders
 * come first in PATH: Debian's enjarify runs under Debian's python3 only, not under one of pyenv.
 */
export function run(program: string, args: readonly string[]): Ran {
  const path = ['/usr/bin', '/bin', process.env['PATH']].join(delimiter)
  const env = { ...process.env, PATH: path }
  const ended = spawnSync(program, args, { encoding: 'utf8', env, maxBuffer: 256 << 20 })
  if (ended.error) throw ended.error
  return { exitCode: ended.status ?? 1, stdout: ended.stdout, stderr: ended.stderr }
}
