import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Machine, Options } from './machine.ts'
import { projectOf } from './project.ts'
import { addRunner, inCi, type World } from './world.ts'

export async function needARunner(world: World): Promise<void> {
  const project = projectOf('true')
  const cwd = project.path
  const key = inCi(world.norrix.prod, await world.keyWith('build'))
  const machine = await world.anasMachine()
  const all = await Promise.all([
    machine.norrix('build ios release', { cwd }),
    machine.norrix('build ios debug', { cwd }),
    machine.norrix('build visionos release', { cwd }),
    world.newMachine().norrix('build ios release', { ...key, cwd }),
  ])
  for (const refused of all) {
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('no_runner · exit 1')
  }
  project.remove()
}

export async function runElsewhere(world: World): Promise<void> {
  const { prod } = world.norrix
  const project = projectOf(
    'mkdir -p out && printf %s "$NORRIX_BUILD_TYPE" > out/hello.ipa',
    'out/*.ipa',
  )
  const cwd = project.path
  const key = inCi(prod, await world.keyWith('build'))
  const workspace = mkdtempSync(join(tmpdir(), 'norrix-runner-'))
  // As root, builds have another user id, and have to reach their workspace.
  chmodSync(workspace, 0o755)
  const runner = world
    .newMachine()
    .start(`runners start --url ${prod.url} --platforms ios --folder ${workspace}`, {
      env: { NORRIX_RUNNER_TOKEN: await addRunner(world, 'mac-mini') },
    })
  await runner.waitFor(/runner\.ready/)
  const machine = await world.anasMachine()
  const terminal = machine.type('build ios release', { cwd })
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect(terminal.seen()).toMatch(/✓ running {4}on mac-mini/)
  await isBuilt(machine, terminal.seen(), {})
  const pipeline = world.newMachine()
  const built = await pipeline.norrix('build ios release -n', { ...key, cwd })
  expect(built.code, built.stderr).toBe(0)
  await isBuilt(pipeline, built.stderr, key)
  runner.interrupt()
  await runner.ended
  rmSync(workspace, { recursive: true })
  project.remove()
}

async function isBuilt(machine: Machine, talk: string, as: Options): Promise<void> {
  const build = /build_[0-9A-Za-z]+/.exec(talk)?.[0] ?? ''
  const fetched = await machine.norrix(`builds download ${build} --out ${build}`, as)
  expect(fetched.code, fetched.stderr).toBe(0)
  expect(readFileSync(join(machine.home, build, 'hello.ipa'), 'utf8')).toBe('release')
}
