import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { inRounds } from './rounds.ts'
import { judged, median, percentile, replaceSection, spread, toMarkdown } from './section.ts'
import { readBenchWords, tableNames } from './words.ts'

const page = readFileSync(new URL('../../docs/benchmarks.md', import.meta.url), 'utf8')
const main = fileURLToPath(new URL('bench.ts', import.meta.url))

/** What docs/benchmarks.md has to show, by table. */
const promised: Readonly<Record<(typeof tableNames)[number], readonly string[]>> = {
  cli: [
    '`node -e 0`, Node 24',
    '`norrix --help`, Node 24',
    '`norrix whoami --offline`, signed in, Node 24',
    '`norrix whoami`, live on localhost, Node 24',
    '`node -e 0`, Node 20',
    '`norrix --help`, Node 20',
    '`norrix whoami --offline`, signed in, Node 20',
    '`norrix whoami`, live on localhost, Node 20',
  ],
  package: ['the packed CLI'],
  requests: [
    'raw `node:http`, the same bytes as a key check',
    'key check, SQLite, 10 keys',
    'key check, SQLite, 10,000 keys',
    'key check, SQLite, 1,000,000 keys',
    'key check, PostgreSQL, 10 keys',
    'key check, PostgreSQL, 10,000 keys',
    'key check, PostgreSQL, 1,000,000 keys',
    'raw `node:http`, the same bytes as a build list',
    'build list, SQLite, 50 on the page',
    'build list, PostgreSQL, 50 on the page',
  ],
  start: [
    'raw `node:http`',
    'SQLite, an empty data folder: secrets, keys and tables are made',
    'SQLite, all there from before',
    'PostgreSQL, all there from before',
  ],
  queue: ['raw `node:http`: one waits, one rings', 'SQLite', 'PostgreSQL'],
}

test.for([...tableNames])('docs/benchmarks.md has every promised row of the table %s', (name) => {
  const [, section = ''] =
    new RegExp(`<!-- ${name}: written by npm run bench -->([^]*?)<!-- end of ${name} -->`).exec(
      page,
    ) ?? []
  const rows = [...section.matchAll(/^\| (.+?) \| /gm)].map(([, first = '']) => first)
  expect(rows).toEqual(expect.arrayContaining([...promised[name]]))
  expect(section).toMatch(
    /^Taken on \d{4}-\d\d-\d\d: .+ cores, .+ load average before it [\d.]+\./m,
  )
})

test('no table that is measured is missing from the page, and none stands there that nothing measures', () => {
  const marked = [...page.matchAll(/<!-- (\S+): written by npm run bench -->/g)]
  expect(new Set(marked.map(([, name]) => name))).toEqual(new Set(tableNames))
})

test('a table is measured on request, all of them otherwise, in the order of the page', () => {
  expect(readBenchWords([]).tables).toEqual(tableNames)
  expect(readBenchWords(['--only', 'queue', '--only', 'cli']).tables).toEqual(['cli', 'queue'])
})

test.for([
  [['--only', 'speed'], /no table called "speed".+cli, package, requests, start, queue/],
  [['--quick', '--write'], /leave out --quick or --write/],
  [['--fast'], /npm run bench -- \[--quick \| --write\]/],
  [['cli'], /npm run bench -- \[--quick \| --write\]/],
] as const)('the words %j are refused with what to type instead', ([words, message]) => {
  expect(() => readBenchWords(words)).toThrow(message)
})

test('words that are refused are a usage error, one line and no stack', async () => {
  const { code, stdout, stderr } = await run(['--only', 'speed'])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^✗ There is no table called "speed"\. Fix: .+\n$/)
})

test('floor and rows are measured in turn, round after round', async () => {
  const order: string[] = []
  const contender = (name: string) => ({ name, measure: async () => order.push(name) })
  const samples = await inRounds(3, [contender('floor'), contender('ours')])
  expect(order.join(' ')).toBe('floor ours floor ours floor ours')
  expect(samples).toEqual([
    [1, 3, 5],
    [2, 4, 6],
  ])
})

test('a figure is the median with the least and the most, and a dash where there is none', () => {
  expect(spread([3, 1, 2])).toBe('2 (1–3)')
  expect(spread([1234.56, 1000, 2000], 1)).toBe('1,234.6 (1,000.0–2,000.0)')
  expect(spread([Number.NaN])).toBe('–')
  expect(median([4, 1, 3, 2])).toBe(2.5)
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
  expect(percentile(hundred, 0.99)).toBe(99)
  expect(percentile([7], 0.99)).toBe(7)
})

test('an aim is met at its bound, missed beyond it, and never met without a figure', () => {
  expect(judged(1.25, { atMost: 1.25, unit: ' ×' })).toBe('≤ 1.25 ×, met')
  expect(judged(1.26, { atMost: 1.25, unit: ' ×' })).toBe('≤ 1.25 ×, **missed**')
  expect(judged(0.25, { atLeast: 0.25 })).toBe('≥ 0.25, met')
  expect(judged(0.24, { atLeast: 0.25 })).toBe('≥ 0.25, **missed**')
  expect(judged(Number.NaN, { atLeast: 0.25 })).toContain('missed')
  expect(judged(Number.NaN, { atMost: 0.25 })).toContain('missed')
})

test('a section is written between its marks, and nothing outside of them changes', () => {
  const section = { counts: '3 rounds.', header: ['', 'ms'], rows: [['ours', '12']] }
  const text = toMarkdown(section, 'Taken on a Tuesday.')
  expect(text).toBe('Taken on a Tuesday. 3 rounds.\n\n|  | ms |\n| --- | ---: |\n| ours | 12 |')
  const marks = '<!-- cli: written by npm run bench -->\nold\n<!-- end of cli -->'
  const written = replaceSection(`before\n${marks}\nafter\n`, 'cli', text)
  expect(written).toBe(`before\n${marks.replace('old', text)}\nafter\n`)
  expect(replaceSection(written, 'cli', text)).toBe(written)
  expect(() => replaceSection('nothing here', 'cli', text)).toThrow('no marks for cli')
})

function run(words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}
