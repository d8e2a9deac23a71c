import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { HomePaths } from './folder.ts'
import { isObject, readJsonFile, writeJsonFile, type Notice } from './json-file.ts'
import { removePrivate } from './private-file.ts'
import type { SessionRecord } from './sessions.ts'

/**
 * A session that was ended here while its server could not be told: what it takes to end it there, and nothing that a request
 * could be made with. The refresh token goes to the revocation endpoint alone.
 */
export interface PendingSignOut extends Pick<
  SessionRecord,
  'issuer' | 'revocationEndpoint' | 'refreshToken'
> {
  readonly email: string
  /** ISO 8601. The session is over then in any case. */
  readonly expiresAt: string
}

/** One that was kept, and what takes it away. */
export interface KeptSignOut extends PendingSignOut {
  forget(): Promise<void>
}

/** Where sign-outs wait that their servers do not know of, for each environment. */
export interface PendingSignOuts {
  /** @throws Fault home_unwritable */
  keep(environment: string, pending: PendingSignOut): Promise<void>
  /** One that cannot be read is put aside, and said so. */
  read(environment: string): Promise<readonly KeptSignOut[]>
}

const version = 1
// One file for each: two commands at once never write the same one.
const fileName = /^signed-out-[0-9a-f-]{36}\.json$/

export function pendingSignOutFiles(
  paths: HomePaths,
  notice: Notice,
  now: () => Date,
): PendingSignOuts {
  const folderOf = (environment: string): string => dirname(paths.session(environment))
  const readOne = async (path: string): Promise<KeptSignOut | undefined> => {
    const options = { path, notice, now, recovery: 'revoke the session in the dashboard' }
    const pending = await readJsonFile({ version, read: readPending }, options)
    return pending && { ...pending, forget: () => removePrivate(path) }
  }
  return {
    keep: (environment, pending) => {
      const name = `signed-out-${crypto.randomUUID()}.json`
      return writeJsonFile(join(folderOf(environment), name), version, pending)
    },
    async read(environment) {
      const folder = folderOf(environment)
      const names = await readdir(folder).catch(() => [])
      const found = names.filter((name) => fileName.test(name)).map((name) => join(folder, name))
      const read = await Promise.all(
        found.map((path) =>
          readOne(path).catch((error: unknown) => {
            notice(error instanceof Error ? error.message : String(error))
            return undefined
          }),
        ),
      )
      return read.filter((pending) => pending !== undefined)
    },
  }
}

const texts = ['issuer', 'revocationEndpoint', 'refreshToken', 'email', 'expiresAt'] as const

function readPending(value: Readonly<Record<string, unknown>>): PendingSignOut | undefined {
  if (!isObject(value) || texts.some((name) => typeof value[name] !== 'string')) return undefined
  // Each of `texts` was just seen to be a string.
  const text = (name: (typeof texts)[number]) => value[name] as string
  return {
    issuer: text('issuer'),
    revocationEndpoint: text('revocationEndpoint'),
    refreshToken: text('refreshToken'),
    email: text('email'),
    expiresAt: text('expiresAt'),
  }
}
