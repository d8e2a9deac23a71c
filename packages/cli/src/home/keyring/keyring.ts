import { spawn, type ChildProcess } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Surroundings } from '../../io/terminal.ts'
import { childEnvironment } from '../../project/child-environment.ts'
import { isObject } from '../json-file.ts'

/** What reaches the keyring, as npm is told to put it beside norrix (decision 21). */
export const keyringPackage = '@napi-rs/keyring@2.1.2'

/** How long a keyring is given: one that is locked, or whose D-Bus is gone, may never answer (threat T46). */
const patienceMs = 3000

export type KeyringQuestion =
  | { readonly act: 'read' | 'remove' }
  | { readonly act: 'write'; readonly key: string }

export type KeyringAnswer =
  /** What it holds now; undefined for nothing. */
  | { readonly kind: 'holds'; readonly key: string | undefined }
  | { readonly kind: 'silent' }
  | { readonly kind: 'not-installed' }
  | { readonly kind: 'refused'; readonly why: string }

/** Asks the keyring of this machine, in a process that is ended when it does not answer in time. */
export async function askKeyring(
  question: KeyringQuestion,
  env: Surroundings['env'],
): Promise<KeyringAnswer> {
  // In the packed command line both files lie side by side, as .js.
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const path = fileURLToPath(new URL(`./keyring-child${extension}`, import.meta.url))
  const child = spawn(process.execPath, [path], {
    env: childEnvironment(env),
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
  child.stdin.on('error', () => {})
  child.stdin.end(JSON.stringify(question))
  try {
    return await Promise.race([answerOf(child, child.stdout), silence()])
  } finally {
    child.stdout.destroy()
    child.kill('SIGKILL')
  }
}

async function answerOf(
  child: ChildProcess,
  output: NodeJS.ReadableStream,
): Promise<KeyringAnswer> {
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  try {
    return readAnswer(JSON.parse(await Promise.race([text(output), failed])))
  } catch (cause) {
    return { kind: 'refused', why: cause instanceof Error ? cause.message : 'it failed' }
  }
}

function readAnswer(value: unknown): KeyringAnswer {
  if (!isObject(value)) return { kind: 'refused', why: 'it gave no answer' }
  if (value['isMissing'] === true) return { kind: 'not-installed' }
  if (typeof value['error'] === 'string') return { kind: 'refused', why: value['error'] }
  return { kind: 'holds', key: typeof value['key'] === 'string' ? value['key'] : undefined }
}

async function silence(): Promise<KeyringAnswer> {
  const { setTimeout: pause } = await import('node:timers/promises')
  return pause(patienceMs, { kind: 'silent' } as const, { ref: false })
}
