import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { Tables } from '../schema/index.ts'
import type { Db } from './db/database.ts'
import { keepSecret, readSecret, stampOf, type Secrets } from './secrets.ts'

type Digests = Db<Pick<Tables, 'secret_digests'>>

/**
 * Secrets of several servers on one database: each has the same files in a folder of its own. The database keeps what they have to
 * be, by digest; the server that comes first decides. So no server makes a pepper of its own, under which no key would fit.
 */
export function sharedSecrets(db: Digests, folder: string): Secrets {
  return {
    stamp: (names) => stampOf(folder, names),
    async keep(name, make) {
      const file = join(folder, name)
      const known = await findDigest(db, name)
      const there = readSecret(file)
      if (known !== undefined && !there) throw missing(file)
      const bytes = there ?? keepSecret(folder, name, make)
      if ((known ?? (await recordFirst(db, name, bytes))) === digestOf(name, bytes)) return bytes
      // Made just now, while another server was first: out of the way of the right one.
      if (!there) rmSync(file, { force: true })
      throw there ? differs(file) : missing(file)
    },
  }
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
