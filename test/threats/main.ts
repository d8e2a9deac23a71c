// `npm run threats`: takes out the defence against ten threats, chosen by the day, one after another in a copy of the project, and
// expects the test that is named beside each to turn red. `--all` takes all, `T3 T31` those two. `--check` only looks whether
// test/threats.json is true: it is part of `npm run check`.
import { copyOfTheProject, type Copy } from '../mutations/copy.ts'
import { isBreakable, problemsOf, readThreats, type Breakable } from './threats.ts'

const aDay = 10

// Some of the tests are among the hard ones.
process.env['NORRIX_TEST_HARD'] = '1'

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const threats = readThreats()
  const problems = problemsOf(threats)
  for (const problem of problems) console.error(`test/threats.json: ${problem}`)
  if (problems.length > 0 || words[0] === '--check') return problems.length > 0 ? 1 : 0
  const chosen = choose(threats.filter(isBreakable), words)
  if (chosen.length === 0) {
    console.error(
      'No defence is taken out by these words. Fix: npm run threats -- [--all] [T1 T2 …]',
    )
    return 2
  }
  const copy = copyOfTheProject()
  try {
    return (await takeOut(copy, chosen)) ? 0 : 1
  } finally {
    copy.remove()
  }
}

/** Day by day through the whole list, so that each defence is taken out within a week. */
function choose(threats: readonly Breakable[], words: readonly string[]): readonly Breakable[] {
  if (words.includes('--all')) return threats
  if (words.length > 0) return threats.filter(({ id }) => words.includes(id))
  const day = Math.floor(Date.now() / 86_400_000)
  const from = (day * aDay) % threats.length
  return [...threats, ...threats].slice(from, from + Math.min(aDay, threats.length))
}

async function takeOut(copy: Copy, threats: readonly Breakable[]): Promise<boolean> {
  let all = true
  for (const threat of threats) {
    const problem = await problemWith(copy, threat)
    all &&= problem === undefined
    console.log(`${problem === undefined ? 'red' : 'BAD'}  ${threat.id.padEnd(4)} ${threat.attack}`)
    if (problem !== undefined) console.log(`     ${problem}`)
  }
  console.log(`${threats.length} defences taken out.`)
  return all
}

async function problemWith(copy: Copy, { defence, test }: Breakable): Promise<string | undefined> {
  const words = [
    'node_modules/vitest/vitest.mjs',
    'run',
    test.file,
    '--testNamePattern',
    patternOf(test.title),
  ]
  const before = await copy.run(words)
  if (before.code !== 0 || !/\b\d+ passed/.test(before.text)) {
    return `With its defence the test is not green: ${test.file}, ${test.title}\n${before.text}`
  }
  const mend = copy.change(defence.file, defence.find, defence.replace)
  try {
    const { code, text } = await copy.run(words)
    if (code !== 0 && text.includes('FAIL')) return undefined
    return `The test does not see that its defence is gone: ${test.file}, ${test.title}`
  } finally {
    mend()
  }
}

/** A test's title as a pattern: what `test.each` fills in may be anything. */
function patternOf(title: string): string {
  return title
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/%[sdifjo]|\\\$[A-Za-z.]+/g, '.*')
}
