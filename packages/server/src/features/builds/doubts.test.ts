import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startBuildRig, type BuildRig } from '../../../../../test/kit/build-rig.ts'
import { faultOf } from '../../../../../test/kit/operation-caller.ts'
import { folderBlobs } from '../../kernel/blobs/folder.ts'
import { settleBlobs } from './doubts.ts'
import { namedBlobs } from './views.ts'

let rig: BuildRig
beforeEach(async () => {
  rig = await startBuildRig()
})
afterEach(() => rig.stop())

/** The store as the server's next process opens it, once that has settled what was in doubt. */
async function startAgain() {
  const blobs = folderBlobs(rig.blobFolder)
  const { inDoubt } = blobs
  await settleBlobs({ db: rig.db, blobs, effects: rig.effects }, inDoubt)
  return { inDoubt, blobs }
}

test('what an upload stored is in doubt until its row is written, and then no more', async () => {
  await rig.queueBuild()
  expect((await startAgain()).inDoubt).toEqual([])
})

test('artifacts of a lost attempt go at the next start where the process ended before it removed them', async () => {
  const runner = await rig.startRunner('org_1')
  const build = await rig.queueBuild()
  const lease = await runner.take()
  if (!lease) throw new Error('There was no build to take.')
  await rig.under(lease).upload('app.apk', randomBytes(10))
  const named = await namedBlobs(rig.db.kysely)
  const [artifact = ''] = named.filter(({ sizeBytes }) => sizeBytes === 10).map(({ key }) => key)
  rig.turn(61_000)
  rig.blobs.remove = () => Promise.reject(new Error('The process has ended.'))
  await rig.builds.sweeper.sweep()
  expect(await rig.show(build)).toMatchObject({ state: 'queued', artifacts: [] })
  const { inDoubt, blobs } = await startAgain()
  expect(inDoubt).toEqual([artifact])
  expect(await faultOf(blobs.open(artifact))).toBe('not_found')
})

test('a blob in doubt that a row names stays', async () => {
  await rig.queueBuild()
  const [source] = await namedBlobs(rig.db.kysely)
  if (!source) throw new Error('The build has no source.')
  await rig.blobs.doubt([source.key])
  const { inDoubt, blobs } = await startAgain()
  expect(inDoubt).toEqual([source.key])
  expect(await faultOf(blobs.open(source.key))).toBe(undefined)
  expect(folderBlobs(rig.blobFolder).inDoubt).toEqual([])
})
