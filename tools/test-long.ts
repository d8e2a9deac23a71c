// `npm run test:long`: every test with full counts, then what depends on the engine on PostgreSQL as well. When nothing failed,
// docs/verified.md says what was seen. With words (files, names) it runs those alone, and writes nothing.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunRecord } from './closing-line.ts'

interface Pass {
  readonly title: string
  /** The script of package.json, and what it is told. */
  readonly words: readonly [script: string, ...words: string[]]
}

const root = join(import.meta.dirname, '..')
const passes: readonly Pass[] = [
  { title: 'Everything, on SQLite', words: ['test'] },
  { title: 'What depends on the engine, on PostgreSQL', words: ['test:postgres'] },
]

process.exitCode = main(process.argv.slice(2))

function main(words: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-long-'))
  try {
    if (words.length > 0) return run(['test', ...words], join(folder, 'record'))
    const sections = []
    for (const pass of passes) {
      const file = join(folder, 'record')
      const begin = performance.now()
      const code = run(pass.words, file)
      if (code !== 0) return code
      const minutes = Math.round((performance.now() - begin) / 60_000)
      const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord // as: the reporter wrote it
      sections.push(sectionOf(pass, record, minutes))
    }
    writeFileSync(join(root, 'docs/verified.md'), [head(), ...sections].join('\n'))
    return 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(words: Pass['words'], record: string): number {
  const env = { ...process.env, NORRIX_TEST_LONG: '1', NORRIX_TEST_RECORD: record }
  const script = [join(root, 'tools/run.mjs'), ...words]
  return spawnSync(process.execPath, script, { cwd: root, stdio: 'inherit', env }).status ?? 1
}

function head(): string {
  const git = (...words: string[]): string =>
    spawnSync('git', words, { cwd: root, encoding: 'utf8' }).stdout.trim()
  const changed = git('status', '--porcelain') === '' ? '' : ', with changes that are in no commit'
  const day = new Date().toISOString().slice(0, 10)
  return `# What was verified

Written by \`npm run test:long\` on ${day} at the commit \`${git('rev-parse', '--short', 'HEAD')}\`${changed}. Nothing failed.
Machine: ${process.platform} ${release()} on ${process.arch}, ${availableParallelism()} processors, Node ${process.version}.
`
}

function sectionOf({ title }: Pass, record: RunRecord, minutes: number): string {
  const { counts, notes, seed, skipped } = record
  const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}\n`).join('')
  return `## ${title}

${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped, in ${minutes} min. Seed ${seed}: \`NORRIX_TEST_SEED=${seed} npm run test:long\` makes the
same random choices again.

${list(notes)}${skipped.length === 0 ? '' : `\nNot run here:\n\n${list(skipped)}`}`
}
