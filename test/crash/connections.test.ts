import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { builds } from '@norrix/contract/builds.operations'
import { createClient } from '@norrix/contract/client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { addCommandRunner } from '../kit/command-runner.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { commandProject } from '../kit/project.ts'
import { roughProxy, type Roughness } from '../kit/rough-proxy.ts'
import { runNorrix, temporaryHome } from '../kit/run-norrix.ts'
import { chanceFrom } from '../simulation/chance.ts'

const chance = chanceFrom(Number(process.env['NORRIX_TEST_SEED']))
const projectBytes = 3_000_000

/** Two of three connections are cut within the first megabyte, after a stall. */
function roughly(): () => Roughness {
  let count = 0
  return () => {
    count += 1
    if (count % 3 === 0) return {}
    const stall = { stallAfterBytes: chance.between(1, 200_000), stallMs: chance.between(10, 1500) }
    return { ...stall, cutAfterBytes: chance.between(1, 1_000_000) }
  }
}

let norrix: Norrix
let ana: Resident
beforeAll(async () => {
  norrix = await startNorrix()
  ana = await settleIn(norrix.prod)
})
afterAll(() => norrix.stop())

describe('connections that are cut and stalled', () => {
  test('between runner and server: the build ends, and its log and artifact are whole', async () => {
    const proxy = await roughProxy(norrix.prod.url, roughly())
    const lines = 20_000
    const command = `i=0; while [ $i -lt ${lines} ]; do echo "line $i of a long log"; i=$((i+1)); done; mkdir out && head -c 2000000 /dev/zero > out/app.apk`
    const project = commandProject(command, ['out/*.apk'])
    const runner = await addCommandRunner(
      { ...ana, client: { ...ana.client, baseUrl: proxy.url } },
      { name: 'rough', platforms: 'android' },
    )
    try {
      await runner.start()
      const { secret } = await ana.makeKey()
      const env = { NORRIX_API_URL: norrix.prod.url, NORRIX_API_KEY: secret }
      const { code, stdout } = await runNorrix(['build', 'android', 'release', '--json'], {
        cwd: project.path,
        env,
      })
      expect(code).toBe(0)
      const [id = ''] = /build_\w+/.exec(stdout) ?? []
      const params = { orgId: ana.orgId, buildId: id }
      const { artifacts, attempts, logBytes } = await ana.client.call(builds.show, { params })
      expect(attempts).toBe(1)
      expect(artifacts.map(({ sizeBytes }) => sizeBytes)).toEqual([2_000_000])
      let log = ''
      for await (const { event } of ana.client.stream(builds.log, { params })) {
        if (event.type === 'log') log += event.text
      }
      expect(Buffer.byteLength(log)).toBe(logBytes)
      const said = [...log.matchAll(/^line (\d+) of a long log$/gm)].map(([, n]) => Number(n))
      expect(said).toEqual(Array.from({ length: lines }, (_, n) => n))
      expect(proxy.cuts).toBeGreaterThan(0)
    } finally {
      await runner.remove()
      await proxy.close()
      project.remove()
    }
  })

  test('between command line and server: an upload is tried again or fails by name, and never queues half a project', async () => {
    const project = commandProject('true', ['out/*'])
    writeFileSync(join(project.path, 'large.bin'), randomBytes(projectBytes))
    const { secret } = await ana.makeKey()
    const outcomes: (number | null)[] = []
    for (let n = 0; n < 4; n += 1) {
      const proxy = await roughProxy(norrix.prod.url, roughly())
      const home = temporaryHome()
      const env = { NORRIX_API_URL: proxy.url, NORRIX_API_KEY: secret }
      const words = ['build', 'android', 'release', '--detach', '--wait-for-runner', '--json']
      const ran = await runNorrix(words, { home: home.path, cwd: project.path, env })
      outcomes.push(ran.code)
      if (ran.code !== 0) expect(ran.stdout).toMatch(/"code":"network"/)
      home.remove()
      await proxy.close()
    }
    expect(outcomes.every((code) => code === 0 || code === 7)).toBe(true)
    const client = createClient({
      baseUrl: norrix.prod.url,
      headers: () => ({ Authorization: `Bearer ${secret}` }),
    })
    const { items } = await client.call(builds.list, { params: { orgId: ana.orgId } })
    for (const build of items) {
      if (build.project.name === 'hello' && build.state === 'queued') {
        expect(build.source.sizeBytes).toBeGreaterThan(projectBytes)
      }
    }
    project.remove()
  })
})
