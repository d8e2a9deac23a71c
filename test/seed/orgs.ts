import { expect } from 'vitest'
import { keys } from '../kit/terminal.ts'
import { anyCommand, commandsOf } from './any-command.ts'
import { projectOf } from './project.ts'
import { inCi, type World } from './world.ts'

export async function areListed(world: World): Promise<void> {
  const { Acme, 'Nightly Lab': lab } = world.orgs.prod
  const listed = await (await world.anasMachine()).norrix('orgs list')
  expect(listed).toMatchObject({ code: 0, stderr: '' })
  expect(listed.stdout).toMatch(new RegExp(`^\\* +Acme +${Acme} +owner +default for prod$`, 'm'))
  expect(listed.stdout).toMatch(new RegExp(`^ +Nightly Lab +${lab} +owner$`, 'm'))
}

export async function areSelected(world: World): Promise<void> {
  const machine = await world.anasMachine()
  const terminal = machine.type('orgs select')
  await terminal.waitFor(/Your default organization for prod\?[^]*(?:Acme[^]*Lab|Lab[^]*Acme)/)
  const second = /Acme[^]*Lab/.test(terminal.seen()) ? 'Nightly Lab' : 'Acme'
  terminal.press(keys.down)
  terminal.press(keys.enter)
  expect(await terminal.ended, terminal.seen()).toBe(0)
  expect((await machine.norrix('orgs current')).stdout).toMatch(new RegExp(`^${second} \\(`))
  const [back, alone] = await Promise.all([
    machine.norrix(`orgs select ${world.orgs.prod.Acme}`),
    machine.norrix('orgs select'),
  ])
  expect(back.code).toBe(0)
  // Nobody is asked where nobody sits.
  expect(alone).toMatchObject({ code: 2, stdout: '' })
}

export async function areExplained(world: World): Promise<void> {
  const { Acme } = world.orgs.prod
  const current = await (await world.anasMachine()).norrix('orgs current')
  expect(current).toMatchObject({ code: 0, stderr: '' })
  const because = 'because  chosen with `norrix orgs select` for prod on '
  expect(current.stdout).toMatch(new RegExp(`^Acme \\(${Acme}\\), owner\n  ${because}`))
}

export async function areNamedByFlag(world: World): Promise<void> {
  const machine = await world.anasMachine()
  expect(await commandsOf(machine)).toEqual(Object.keys(anyCommand).toSorted())
  const project = projectOf('true')
  const lab = world.orgs.prod['Nightly Lab']
  const create = `build android release --detach --wait-for-runner --org ${lab}`
  const queued = await machine.norrix(create, { cwd: project.path })
  expect(queued.code, queued.stderr).toBe(0)
  const situation = { machine, world, lab, build: queued.stdout.trim(), project }
  const { 'orgs select': last, ...others } = anyCommand
  await Promise.all(Object.values(others).map((check) => check(situation)))
  // It changes the default, which the others rest on.
  await last?.(situation)
  const key = await world.keyWith('build')
  const [nobodys, foreign] = await Promise.all([
    machine.norrix('whoami --org org_abc123'),
    machine.norrix(`builds list --org ${lab}`, inCi(world.norrix.prod, key)),
  ])
  expect(nobodys).toMatchObject({ code: 1, stdout: '' })
  expect(nobodys.stderr).toContain('not_found')
  // A key acts in its own organization alone, and says so.
  expect(foreign).toMatchObject({ code: 5, stdout: '' })
  expect(foreign.stderr).toContain('org_mismatch')
  project.remove()
}
