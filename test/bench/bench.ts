// `npm run bench -- [--quick | --write] [--only <table>]…`: measures, beside a floor that is measured in the same run, and
// prints the tables or writes them into docs/benchmarks.md. It judges nothing: figures depend on the machine.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { circumstances } from './machine.ts'
import { replaceSection, toMarkdown } from './section.ts'
import { tables } from './tables.ts'
import { readBenchWords, WrongWords } from './words.ts'
import { ToolsMissing } from '../../tools/locked-tools.ts'

const document = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))

try {
  const { tables: names, isQuick, isWritten } = readBenchWords(process.argv.slice(2))
  for (const name of names) {
    process.stderr.write(`measuring ${name}\n`)
    const taken = circumstances(new Date())
    const text = toMarkdown(await tables[name]({ isQuick }), taken)
    if (isWritten)
      writeFileSync(document, replaceSection(readFileSync(document, 'utf8'), name, text))
    else process.stdout.write(`\n## ${name}\n\n${text}\n`)
  }
} catch (error) {
  const isExpected = error instanceof WrongWords || error instanceof ToolsMissing
  if (!isExpected) throw error
  process.stderr.write(`✗ ${error.message}\n`)
  process.exitCode = error instanceof WrongWords ? 2 : 1
}
