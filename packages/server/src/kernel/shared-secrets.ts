import { createHash } from 'node:crypto'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { Tables } from '../schema/index.ts'
import type { DatabaseConfig, Db } from './db/database.ts'
import { draftSecret, isDraft, placeSecret } from './replace-secret.ts'
import { folderSecrets, keepSecret, readSecret, stampOf, type Secrets } from './secrets.ts'

type Digests = Db<Pick<Tables, 'secret_digests'>>

/** The secrets of a server, as its database asks for: on PostgreSQL there may be other servers that have to have the same ones. */
export function secretsOf(db: Digests, engine: DatabaseConfig['kind'], folder: string): Secrets {
  return engine === 'postgres' ? sharedSecrets(db, folder) : folderSecrets(folder)
}

/**
 * Secrets of several servers on one database: each has the same files in a folder of its own. The database keeps what they have to
 * be, by digest; the server that comes first decides. So no server makes a pepper of its own, under which no key would fit.
 */
export function sharedSecrets(db: Digests, folder: string): Secrets {
  return {
    stamp: (names) => stampOf(folder, names),
    async keep(name, make) {
      const known = await findDigest(db, name)
      if (known === undefined) return keepFirst(db, folder, name, make)
      const bytes = findByDigest(folder, name, known)
      if (bytes) return bytes
      // Replaced between the two looks?
      if ((await findDigest(db, name)) !== known) return this.keep(name, make)
      const file = join(folder, name)
      throw readSecret(file) ? differs(file) : missing(file)
    },
    async replace(name, { from, to }) {
      // On the disk before the database asks for it. Whatever ends this process in between, the next start finds the draft.
      const draft = draftSecret(folder, name, to)
      if (!(await changeDigest(db, name, digestOf(name, from), digestOf(name, to)))) {
        rmSync(draft)
        throw replacedMeanwhile(name)
      }
      // A server that starts just now may have placed it already.
      if (existsSync(draft)) placeSecret(folder, name, draft)
    },
  }
}

/** What each secret has to be on every server, by name; nothing where each server has its own. */
export async function secretDigests(db: Digests): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('secret_digests').select(['name', 'digest']).execute()
  return new Map(rows.map(({ name, digest }) => [name, digest]))
}

/** Names of the secrets that are missing, or other ones than the database knows. */
export function unlikeDigests(
  digests: ReadonlyMap<string, string>,
  read: (name: string) => Uint8Array | undefined,
): readonly string[] {
  return [...digests.keys()].filter((name) => {
    const bytes = read(name)
    return !bytes || digestOf(name, bytes) !== digests.get(name)
  })
}

async function keepFirst(
  db: Digests,
  folder: string,
  name: string,
  make?: () => Uint8Array,
): Promise<Uint8Array> {
  const file = join(folder, name)
  const there = readSecret(file)
  const bytes = there ?? keepSecret(folder, name, make)
  if ((await recordFirst(db, name, bytes)) === digestOf(name, bytes)) return bytes
  // Made just now, while another server was first: out of the way of the right one.
  if (!there) rmSync(file, { force: true })
  throw there ? differs(file) : missing(file)
}

/** The secret that the database asks for. Where it still is a draft, replacing was cut short: that is finished here. */
function findByDigest(folder: string, name: string, digest: string): Uint8Array | undefined {
  if (!existsSync(folder)) return undefined
  const drafts = readdirSync(folder).filter((file) => isDraft(file) && file.startsWith(`${name}.`))
  for (const file of [name, ...drafts]) {
    const bytes = readSecret(join(folder, file))
    if (!bytes || digestOf(name, bytes) !== digest) continue
    if (file !== name) placeSecret(folder, name, join(folder, file))
    return bytes
  }
  return undefined
}

async function findDigest(db: Digests, name: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('secret_digests')
    .select('digest')
    .where('name', '=', name)
    .executeTakeFirst()
  return row?.digest
}

/** Records what the secret is unless somebody was first, and says what is recorded. */
async function recordFirst(
  db: Digests,
  name: string,
  bytes: Uint8Array,
): Promise<string | undefined> {
  await db
    .insertInto('secret_digests')
    .values({ name, digest: digestOf(name, bytes) })
    .onConflict((taken) => taken.column('name').doNothing())
    .execute()
  return findDigest(db, name)
}

async function changeDigest(db: Digests, name: string, from: string, to: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('secret_digests')
    .set({ digest: to })
    .where('name', '=', name)
    .where('digest', '=', from)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** There are 256 bits and more to guess, so that a plain digest tells nothing. */
function digestOf(name: string, bytes: Uint8Array): string {
  return createHash('sha256').update(`norrix ${name}\0`).update(bytes).digest('base64url')
}

function differs(file: string): Fault {
  return new Fault('secrets_differ', {
    message: `The secret ${file} is not the one that the other servers on this database have.`,
    fix: 'copy the folder `secrets.folder` from a server that runs, or name the right `database`',
  })
}

function missing(file: string): Fault {
  return new Fault('secrets_differ', {
    message: `The secret ${file} is missing; the servers on this database have one.`,
    fix: 'copy the folder `secrets.folder` from a server that runs, or from a backup',
  })
}

function replacedMeanwhile(name: string): Fault {
  return new Fault('conflict', {
    message: `The secret ${name} was replaced on another server at the same time.`,
    fix: 'copy the folder `secrets.folder` from there first',
  })
}
