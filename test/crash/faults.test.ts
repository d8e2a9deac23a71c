import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sessions } from '@norrix/contract/sessions.operations'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Resident } from '../kit/at-the-terminal.ts'
import { faultOf } from '../kit/operation-caller.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { readAgreement } from './agreement.ts'
import { House } from './house.ts'

/** A namespace in which this user may mount; root needs no namespace of users. */
const ownMounts = ['unshare', process.getuid?.() === 0 ? '-m' : '-Urm']
const mayMount = spawnSync(ownMounts[0] ?? '', [...ownMounts.slice(1), 'true']).status === 0

const upload = (ana: Resident, bytes: number) =>
  queueBuild(ana.client, ana.orgId, { source: randomBytes(bytes), waitForRunner: true })

describe.skipIf(!mayMount)('a full disk', () => {
  let house: House
  let ana: Resident
  beforeAll(async () => {
    house = await House.build()
    // Mounted where only this process sees it; gone with it.
    const script = `mkdir -p ${house.data} && mount -t tmpfs -o size=8m none ${house.data} && head -c 2m /dev/zero > ${house.data}/filler && exec "$@"`
    await house.start({ within: [...ownMounts, 'sh', '-c', script, 'sh'] })
    ana = await house.settleIn()
  })
  afterAll(() => house.remove())

  test('keeps what was acknowledged, names the fault, and is over when there is room', async () => {
    const acknowledged: string[] = []
    let fault: string | undefined
    for (let n = 0; n < 30 && fault === undefined; n += 1) {
      fault = await faultOf(upload(ana, 400_000).then(({ id }) => acknowledged.push(id)))
    }
    expect(fault).toBe('unavailable')
    expect(acknowledged.length).toBeGreaterThan(2)
    // The last bytes go to small things, until the database itself has no room.
    const faults = new Set<string | undefined>()
    for (let n = 0; n < 300; n += 1) faults.add(await faultOf(ana.makeKey()))
    expect([...faults].filter((code) => code !== undefined && code !== 'unavailable')).toEqual([])
    const inside = join(`/proc/${house.pid}/root`, house.data)
    rmSync(join(inside, 'filler'))
    acknowledged.push((await upload(ana, 400_000)).id)
    // SQLite follows names to where they lead outside of the namespace, so that it gets a copy.
    const copy = join(house.folder, 'copy')
    cpSync(inside, copy, { recursive: true })
    const { problems, builds } = readAgreement(copy)
    expect(problems).toEqual([])
    expect([...builds.keys()]).toEqual(expect.arrayContaining(acknowledged))
  })
})

describe('a database that somebody else holds', () => {
  let house: House
  let ana: Resident
  beforeAll(async () => {
    house = await House.build()
    await house.start()
    ana = await house.settleIn()
  })
  afterAll(() => house.remove())

  test('for longer than is waited for, refuses what would change it by name, and goes on afterwards', async () => {
    const key = await ana.makeKey()
    const holder = new DatabaseSync(join(house.data, 'norrix.db'))
    holder.exec('BEGIN EXCLUSIVE')
    const asked = performance.now()
    expect(await faultOf(ana.revokeKey(key.id))).toBe('unavailable')
    // What takes seconds only is waited for.
    expect(performance.now() - asked).toBeGreaterThan(4000)
    holder.exec('ROLLBACK')
    holder.close()
    expect(await faultOf(ana.revokeKey(key.id))).toBe(undefined)
    expect(await faultOf(ana.client.call(sessions.whoami, {}))).toBe(undefined)
    expect(readAgreement(house.data).problems).toEqual([])
  })
})
