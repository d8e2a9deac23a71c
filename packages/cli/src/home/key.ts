import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { Surroundings } from '../io/terminal.ts'
import type { HomePaths } from './folder.ts'
import { readJsonFile, writeJsonFile, type Notice } from './json-file.ts'
import type { KeyringQuestion } from './keyring/keyring.ts'
import { aloneIfPossible } from './lock.ts'
import { removePrivate } from './private-file.ts'
import { keyBytes, newKey } from './seal.ts'
import type { KeyStorage, SettingsFile } from './settings.ts'

/**
 * The key that all sessions of this user are encrypted with: in the keyring of the machine where there is one, else in a file
 * of its own. Which of the two is chosen once, remembered, and never changed in silence.
 */
export interface SessionKey {
  /** Where it was put; undefined as long as there was none. */
  storage(): Promise<KeyStorage | undefined>
  /**
   * @returns undefined where it is not, or not any more
   * @throws Fault keyring_unavailable, home_corrupt, home_unwritable
   */
  find(): Promise<Buffer | undefined>
  /**
   * The key, for a sign-in: made if need be, moved if that was asked for. Where it goes is what was asked for, else what was chosen before, else the keyring if that
   * answers.
   *
   * @throws Fault keyring_unavailable, home_corrupt, home_unwritable
   */
  make(): Promise<Buffer>
}

export interface SessionKeyOptions {
  readonly paths: HomePaths
  readonly settings: SettingsFile
  /** Of the keyring's process: D-Bus is found by it. */
  readonly env: Surroundings['env']
  readonly notice: Notice
  readonly now: () => Date
  /** What the user asked for in this command. */
  readonly wanted: KeyStorage | undefined
}

export function sessionKey(options: SessionKeyOptions): SessionKey {
  const { settings, wanted } = options
  let known: Buffer | undefined
  const storage = async () => (await settings.read()).storage
  const find = async (): Promise<Buffer | undefined> => {
    // Settings that were lost take no key with them.
    known ??= await read((await storage()) ?? 'file', options)
    return known
  }
  return {
    storage,
    find,
    async make() {
      const chosen = await storage()
      const isMove = wanted !== undefined && wanted !== chosen
      const there = isMove ? undefined : await find()
      known = there ?? (await settle(options, chosen))
      return known
    },
  }
}

/** Chooses a place, sees that a key lies there, and remembers the place. */
async function settle(options: SessionKeyOptions, chosen: KeyStorage | undefined): Promise<Buffer> {
  const { settings, wanted } = options
  // A key that moves goes on opening what it has closed.
  const old = chosen && (await read(chosen, options).catch(() => undefined))
  const place = wanted ?? chosen ?? ((await tryKeyring(options)) ? 'keyring' : 'file')
  const key = await ensure(place, old ?? newKey(), options)
  if (place !== chosen) await settings.change((now) => ({ ...now, storage: place }))
  if (chosen !== undefined && place !== chosen)
    options.notice(
      `The key of your sessions was in ${shown[chosen]}; now it is in ${shown[place]}.`,
    )
  if (chosen !== undefined && place !== chosen && old?.equals(key)) await remove(chosen, options)
  return key
}

const shown = { keyring: 'the keyring', file: 'a file' } as const

/** What lies there already goes before what is offered: another norrix may have been quicker. */
function ensure(place: KeyStorage, offered: Buffer, options: SessionKeyOptions): Promise<Buffer> {
  return aloneIfPossible(`${lockedBy(place, options)}.lock`, async () => {
    const there = await read(place, options)
    if (there) return there
    await write(place, offered, options)
    return (await read(place, options)) ?? offered
  })
}

function lockedBy(place: KeyStorage, { paths }: SessionKeyOptions): string {
  return place === 'file' ? paths.key : join(paths.folder, 'key')
}

async function read(place: KeyStorage, options: SessionKeyOptions): Promise<Buffer | undefined> {
  if (place === 'keyring') {
    const text = await mustAsk({ act: 'read' }, options)
    return text === undefined ? undefined : readKeyText(text)
  }
  const { paths, notice, now } = options
  return readJsonFile(
    { version: 1, read: ({ key }) => (typeof key === 'string' ? readKeyText(key) : undefined) },
    { path: paths.key, notice, now, recovery: 'norrix sign-in makes another' },
  )
}

async function write(place: KeyStorage, key: Buffer, options: SessionKeyOptions): Promise<void> {
  const text = key.toString('base64')
  if (place === 'file') await writeJsonFile(options.paths.key, 1, { key: text })
  else await mustAsk({ act: 'write', key: text }, options)
}

async function remove(place: KeyStorage, options: SessionKeyOptions): Promise<void> {
  if (place === 'file') await removePrivate(options.paths.key)
  else await ask({ act: 'remove' }, options)
}

function readKeyText(text: string): Buffer | undefined {
  const key = Buffer.from(text, 'base64')
  return key.length === keyBytes ? key : undefined
}

/** Whether there is a keyring that answers. One that hangs is said; a machine without one is nothing unusual. */
async function tryKeyring(options: SessionKeyOptions): Promise<boolean> {
  const answer = await ask({ act: 'read' }, options)
  if (answer.kind === 'silent')
    options.notice(
      `The keyring of this machine did not answer within 3 s; the key of your sessions lies in ${options.paths.key}.`,
    )
  return answer.kind === 'holds'
}

async function mustAsk(
  question: KeyringQuestion,
  options: SessionKeyOptions,
): Promise<string | undefined> {
  const answer = await ask(question, options)
  if (answer.kind === 'holds') return answer.key
  const { keyringPackage } = await import('./keyring/keyring.ts')
  const otherwise = 'to keep the key in a file from now on: norrix sign-in --storage file'
  if (answer.kind === 'not-installed') {
    throw new Fault('keyring_unavailable', {
      message: `The keyring cannot be reached: ${keyringPackage} is not installed beside norrix.`,
      fix: `npm install -g ${keyringPackage}, with the --prefix that norrix has; ${otherwise}`,
    })
  }
  const what = answer.kind === 'silent' ? 'did not answer within 3 s' : `refused: ${answer.why}`
  throw new Fault('keyring_unavailable', {
    message: `The keyring for the key of your sessions ${what}.`,
    fix: `unlock your keyring and try again; ${otherwise}`,
  })
}

async function ask(question: KeyringQuestion, { env }: SessionKeyOptions) {
  // Loaded where it is used alone: starting a process is not for those whose key lies in a file.
  const { askKeyring } = await import('./keyring/keyring.ts')
  return askKeyring(question, env)
}
