import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Fault, type FaultCode } from '@norrix/contract/fault'
import type { Blobs } from './blobs.ts'

export interface BlobsUnderTest {
  readonly blobs: Blobs
  /** The store as the next process of the same server opens it. */
  reopen(): Blobs
  /** How many blobs or pieces of blobs the store holds, counted behind its back. */
  count(): Promise<number>
}

export interface BlobsCase {
  /** The guarantee. */
  readonly title: string
  run(under: BlobsUnderTest): Promise<void>
}

const roomy = { maxBytes: 10_000_000 }

/** What every version of the store holds to. Cases, not tests, so that this file needs no test runner. */
export const blobsConformance: readonly BlobsCase[] = [
  {
    title: 'what was put comes back byte for byte, with its size and digest',
    async run({ blobs }) {
      const pieces = [randomBytes(70_000), randomBytes(1), randomBytes(300_000)]
      const whole = Buffer.concat(pieces)
      const stored = await blobs.put(Readable.from(pieces), roomy)
      assert.deepEqual(
        { sizeBytes: stored.sizeBytes, sha256: stored.sha256 },
        { sizeBytes: whole.length, sha256: digest(whole) },
      )
      assert.ok((await buffer(await blobs.open(stored.key))).equals(whole))
    },
  },
  {
    title: 'an empty blob is a blob',
    async run({ blobs }) {
      const stored = await blobs.put(Readable.from([]), roomy)
      assert.equal(stored.sizeBytes, 0)
      assert.equal((await buffer(await blobs.open(stored.key))).length, 0)
    },
  },
  {
    title: 'the same bytes twice are two blobs, and removing one leaves the other',
    async run({ blobs }) {
      const bytes = randomBytes(100)
      const first = await blobs.put(Readable.from([bytes]), roomy)
      const second = await blobs.put(Readable.from([bytes]), roomy)
      assert.notEqual(first.key, second.key)
      await blobs.remove(first.key)
      await assertFault(blobs.open(first.key), 'not_found')
      assert.ok((await buffer(await blobs.open(second.key))).equals(bytes))
    },
  },
  {
    title: 'one byte too many is refused and nothing of it is kept',
    async run({ blobs, count }) {
      const exact = await blobs.put(Readable.from([randomBytes(60), randomBytes(40)]), {
        maxBytes: 100,
      })
      assert.equal(exact.sizeBytes, 100)
      const over = Readable.from([randomBytes(60), randomBytes(41)])
      await assertFault(blobs.put(over, { maxBytes: 100 }), 'too_large')
      assert.equal(await count(), 1)
    },
  },
  {
    title: 'other bytes than announced are refused and nothing of them is kept',
    async run({ blobs, count }) {
      const bytes = randomBytes(5000)
      const wrong = { ...roomy, sha256: digest(randomBytes(5000)) }
      await assertFault(blobs.put(Readable.from([bytes]), wrong), 'checksum_mismatch')
      assert.equal(await count(), 0)
      await blobs.put(Readable.from([bytes]), { ...roomy, sha256: digest(bytes) })
      assert.equal(await count(), 1)
    },
  },
  {
    title: 'an upload that breaks off leaves nothing and fails with its own cause',
    async run({ blobs, count }) {
      const cause = new Error('the connection is gone')
      const broken = Readable.from(
        (async function* () {
          yield randomBytes(5000)
          throw cause
        })(),
      )
      await assert.rejects(blobs.put(broken, roomy), cause)
      assert.equal(await count(), 0)
    },
  },
  {
    title: 'a key that was never given out opens nothing, be it a path or not',
    async run({ blobs }) {
      for (const key of ['0'.repeat(40), '', '../secret', '/etc/passwd', 'a\0b']) {
        await assertFault(blobs.open(key), 'not_found')
        await blobs.remove(key)
      }
    },
  },
  {
    title:
      'what was put and not kept is in doubt for the next process, what was kept or removed is not',
    async run({ blobs, reopen }) {
      const put = async () => (await blobs.put(Readable.from([randomBytes(10)]), roomy)).key
      const [open, kept, removed] = [await put(), await put(), await put()]
      await blobs.keep(kept)
      await blobs.remove(removed)
      assert.deepEqual(blobs.inDoubt, [])
      assert.deepEqual(reopen().inDoubt, [open])
      await blobs.doubt([kept])
      assert.deepEqual(reopen().inDoubt.toSorted(), [open, kept].toSorted())
      assert.equal((await buffer(await reopen().open(kept))).length, 10)
      await blobs.remove(open)
      await blobs.keep(kept)
      assert.deepEqual(reopen().inDoubt, [])
    },
  },
  {
    title: 'removing twice is fine',
    async run({ blobs, count }) {
      const stored = await blobs.put(Readable.from([randomBytes(10)]), roomy)
      await blobs.remove(stored.key)
      await blobs.remove(stored.key)
      assert.equal(await count(), 0)
    },
  },
]

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function assertFault(work: Promise<unknown>, code: FaultCode): Promise<void> {
  await assert.rejects(work, (error) => error instanceof Fault && error.code === code)
}
