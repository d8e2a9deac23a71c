// `npm run check`: everything that can be said about the sources without running them, side by
// side, with one line for each and the full text of whatever failed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'

const root = dirname(import.meta.dirname)

type Check = { name: string; command: readonly string[] }
type Outcome = { check: Check; ok: boolean; text: string; seconds: number }

const checks: readonly Check[] = [
  { name: 'boundaries', command: ['tools/check-boundaries.ts'] },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.node.json'] },
  { name: 'types', command: ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.web.json'] },
  { name: 'lint', command: ['node_modules/oxlint/bin/oxlint'] },
  { name: 'format', command: ['node_modules/oxfmt/bin/oxfmt', '--check'] },
  { name: 'reference', command: ['tools/reference.ts', '--check'] },
  { name: 'threats', command: ['test/threats/main.ts', '--check'] },
]

process.exitCode = await main(process.argv.slice(2))

async function main(names: readonly string[]): Promise<number> {
  const known = new Set(checks.map((check) => check.name))
  const stranger = names.find((name) => !known.has(name))
  if (stranger !== undefined) {
    console.error(`There is no check called "${stranger}". Fix: one of ${[...known].join(', ')}`)
    return 2
  }
  const wanted = checks.filter((check) => names.length === 0 || names.includes(check.name))
  const outcomes = await inParallel(wanted.filter(hasItsProject))
  return outcomes.every((outcome) => outcome.ok) ? 0 : 1
}

/** A part of the house that has no settings file yet has nothing to check. */
function hasItsProject({ command }: Check): boolean {
  const project = command[command.indexOf('-p') + 1]
  return !command.includes('-p') || (project !== undefined && existsSync(join(root, project)))
}

/** As many at a time as there are processors; each is reported when it ends. */
async function inParallel(wanted: readonly Check[]): Promise<Outcome[]> {
  const waiting = [...wanted]
  const outcomes: Outcome[] = []
  const worker = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const outcome = await run(check)
      report(outcome)
      outcomes.push(outcome)
    }
  }
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker))
  return outcomes
}

function run(check: Check): Promise<Outcome> {
  const start = performance.now()
  const child = spawn(process.execPath, check.command, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      const text = Buffer.concat(chunks).toString('utf8').trim()
      resolve({ check, ok: code === 0, text, seconds: (performance.now() - start) / 1000 })
    })
  })
}

function report({ check, ok, text, seconds }: Outcome): void {
  const mark = ok ? 'ok  ' : 'FAIL'
  const subject = check.command.includes('-p') ? ` (${check.command.at(-1)})` : ''
  console.log(`${mark} ${check.name}${subject} ${seconds.toFixed(1)} s`)
  if (!ok) console.log(text.replaceAll(/^/gm, '     '))
}
