import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One row of test/threats.json: an attack, what stands against it, and the test that shows it. */
export interface Threat {
  /** `T1`, as the threat model numbers them. */
  readonly id: string
  readonly attack: string
  /** What stands against it. `find` stands in `file` once; with `replace` in its place the defence is gone. */
  readonly defence?: {
    readonly file: string
    readonly find?: string
    readonly replace?: string
  }
  /** `title` as the source has it, with its `%s`. */
  readonly test?: { readonly file: string; readonly title: string }
  /** Why there can be no test, or where it is to come from. */
  readonly reason?: string
}

/** A threat whose defence can be taken out. */
export interface Breakable extends Threat {
  readonly defence: { readonly file: string; readonly find: string; readonly replace: string }
  readonly test: { readonly file: string; readonly title: string }
}

const root = join(import.meta.dirname, '../..')

/** The threats there have to be rows for: those of sign-in and sessions, and those added after review. */
const expected = [...range(1, 56), ...range(89, 104)].map((number) => `T${number}`)

/** @throws Error when the file is no list of threats */
export function readThreats(): readonly Threat[] {
  const value: unknown = JSON.parse(readFileSync(join(root, 'test/threats.json'), 'utf8'))
  if (!Array.isArray(value)) throw new Error('test/threats.json has to be a list.')
  return value as Threat[] // each row is looked at by `problemsOf`
}

export function isBreakable(threat: Threat): threat is Breakable {
  const { defence, test } = threat
  return defence?.find !== undefined && defence.replace !== undefined && test !== undefined
}

/** Whatever would make a row say more than is so: a sentence each. */
export function problemsOf(threats: readonly Threat[]): readonly string[] {
  const ids = threats.map(({ id }) => id)
  const missing = expected.filter((id) => !ids.includes(id)).map((id) => `${id} has no row`)
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} has two rows`)
  return [...missing, ...twice, ...threats.flatMap(problemsIn)]
}

function problemsIn(threat: Threat): string[] {
  const { id, attack, defence, test, reason } = threat
  const problems: string[] = []
  const say = (what: string) => problems.push(`${id} ${what}`)
  if (!attack) say('says nothing of the attack')
  if (!test && !reason) say('has neither a test nor a reason why there is none')
  if (test && places(test.file, test.title) === 0)
    say(`has no test in ${test.file} called: ${test.title}`)
  if (test && !defence) say('has a test and names no defence')
  if (defence && !existsSync(join(root, defence.file)))
    say(`is kept off by ${defence.file}, which is not there`)
  if (defence?.find !== undefined && places(defence.file, defence.find) !== 1)
    say(
      `finds ${places(defence.file, defence.find)} places in ${defence.file} for: ${defence.find}`,
    )
  if ((defence?.find === undefined) !== (defence?.replace === undefined))
    say('has one of `find` and `replace` without the other')
  return problems
}

function places(file: string, text: string): number {
  const path = join(root, file)
  return existsSync(path) ? readFileSync(path, 'utf8').split(text).length - 1 : 0
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}
