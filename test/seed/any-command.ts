import { expect } from 'vitest'
import type { Machine } from './machine.ts'
import type { TemporaryProject } from '../kit/project.ts'
import { signIn, type World } from './world.ts'

/** What a row needs to show that its command acts in `Nightly Lab` while `Acme` is the default. */
export interface Situation {
  /** Signed in to prod, with `Acme` chosen. */
  readonly machine: Machine
  readonly world: World
  /** The id of `Nightly Lab`. */
  readonly lab: string
  /** A build of it that no runner ever took. */
  readonly build: string
  readonly project: TemporaryProject
}

/** Every command with what `--org` does to it. A command that is not in here fails the test. */
export const anyCommand: Readonly<Record<string, (situation: Situation) => Promise<void>>> = {
  async whoami({ machine, lab }) {
    expect(await json(machine, `whoami --org ${lab}`)).toMatchObject({ organization: { id: lab } })
  },
  async 'orgs current'({ machine, lab }) {
    const said = await json(machine, `orgs current --org ${lab}`)
    expect(said).toMatchObject({ organization: { id: lab }, because: 'flag' })
  },
  async 'orgs list'({ machine, lab }) {
    const { stdout } = await machine.norrix(`orgs list --org ${lab}`)
    expect(stdout).toMatch(new RegExp(`^\\* +Nightly Lab +${lab} +owner +--org$`, 'm'))
  },
  async 'orgs select'({ machine, world, lab }) {
    const said = await machine.norrix(`orgs select --org ${lab}`)
    expect(said.stdout, said.stderr).toContain('Nightly Lab')
    expect((await machine.norrix(`orgs select ${world.orgs.prod.Acme}`)).code).toBe(0)
  },
  async build({ machine, lab, project }) {
    const here = { cwd: project.path }
    const { code, stderr } = await machine.norrix(`build ios debug --org ${lab}`, here)
    expect(code).toBe(1)
    expect(stderr).toContain('No runner for ios was ever started for Nightly Lab on prod.')
  },
  async 'builds list'({ machine, lab, build }) {
    const [here, there] = await Promise.all([
      machine.norrix('builds list'),
      machine.norrix(`builds list --org ${lab}`),
    ])
    expect([here.code, there.code]).toEqual([0, 0])
    expect(here.stdout).not.toContain(build)
    expect(there.stdout).toContain(build)
  },
  'builds show': onBuild('builds show'),
  'builds logs': onBuild('builds logs'),
  async 'builds download'({ machine, lab, build }) {
    const [here, there] = await Promise.all([
      machine.norrix(`builds download ${build}`),
      machine.norrix(`builds download ${build} --org ${lab}`),
    ])
    expect(here.stderr).toContain('not_found')
    expect(here.stderr).not.toContain('has no artifacts')
    expect(there.stderr).toMatch(new RegExp(`${build} \\(\\w+\\) has no artifacts\\.`))
  },
  'builds cancel': onBuild('builds cancel'),
  async 'sign-in'({ world, lab }) {
    const machine = world.newMachine()
    const words = `sign-in ${world.norrix.prod.url} --org ${lab}`
    expect(await signIn(machine, world.page, words)).toContain(`Nightly Lab (${lab}), --org`)
  },
  // These act for a machine, in no organization: they take the flag and say that it changes nothing.
  'sign-out': ({ world, lab }) => saysIdle(world.newMachine(), 'sign-out', `--org ${lab}`),
  'sessions list': ({ machine, lab }) => saysIdle(machine, 'sessions list', `--org ${lab}`),
  'sessions revoke': ({ machine, lab }) =>
    saysIdle(machine, 'sessions revoke', `ses_0000000000 --org ${lab}`, 1),
  'runners start': ({ machine, lab }) => saysIdle(machine, 'runners start', `--org ${lab}`, 2),
  init: ({ machine, lab }) => saysIdle(machine, 'init', `-n --org ${lab}`, 2),
  completion: ({ machine, lab }) => saysIdle(machine, 'completion', `bash --org ${lab}`),
  'environments list': ({ machine, lab }) => saysIdle(machine, 'environments list', `--org ${lab}`),
  'environments add': ({ world, lab }) =>
    saysIdle(world.newMachine(), 'environments add', `lab ${world.norrix.prod.url} --org ${lab}`),
  'environments remove': ({ machine, lab }) =>
    saysIdle(machine, 'environments remove', `nowhere --org ${lab}`, 1),
}

/** A command that would do much says the same before it is refused for another reason. */
async function saysIdle(machine: Machine, words: string, rest: string, code = 0): Promise<void> {
  const said = await machine.norrix(`${words} ${rest}`)
  expect(said.stderr).toContain(`norrix ${words} acts in no organization: --org changes nothing`)
  expect(said.code, said.stderr).toBe(code)
}

/** Another organization's build is not found; with `--org` it is there. */
function onBuild(words: string): (situation: Situation) => Promise<void> {
  return async ({ machine, lab, build }) => {
    const [here, there] = await Promise.all([
      machine.norrix(`${words} ${build}`),
      machine.norrix(`${words} ${build} --org ${lab}`),
    ])
    expect(here).toMatchObject({ code: 1, stdout: '' })
    expect(here.stderr).toContain('not_found')
    expect(there.code, there.stderr).toBe(0)
  }
}

/** Every command that the help names, in alphabetical order. */
export async function commandsOf(machine: Machine): Promise<string[]> {
  const found = (await wordsIn(machine, '')).map(async (word) => {
    const below = await wordsIn(machine, word)
    return below.length === 0 ? [word] : below.map((verb) => `${word} ${verb}`)
  })
  return (await Promise.all(found)).flat().toSorted()
}

/** The commands that a help text lists, without its arguments and aliases. */
async function wordsIn(machine: Machine, word: string): Promise<string[]> {
  const { stdout } = await machine.norrix(`${word} --help`.trim())
  if (anyCommand[word] === undefined) expect(stdout).toContain('--org <id>')
  const [, section = ''] = /^Commands:\n((?: .*\n)+)/m.exec(stdout) ?? []
  const words = [...section.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name = '']) => name)
  return words.filter((name) => name !== 'help')
}

async function json(machine: Machine, words: string): Promise<unknown> {
  const { stdout, stderr } = await machine.norrix(`${words} --json`)
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}
