// Runs one program to its end. What it printed is shown only when it fails.
import { spawnSync } from 'node:child_process'
import { basename } from 'node:path'
import { BuildFault } from './fault.mjs'

/** `explain` may turn what the tool printed into a sentence that helps. */
export function runTool(program, args, { explain = () => '' } = {}) {
  const result = spawn(program, args)
  if (result.error)
    throw new BuildFault(`${program} could not be started: ${result.error.message}.`)
  if (result.status === 0) return
  const printed = `${result.stdout}${result.stderr}`.trim()
  const ended = result.signal
    ? `was stopped by ${result.signal}`
    : `failed with exit code ${result.status}`
  throw new BuildFault(
    [`${basename(program)} ${ended}:`, printed, explain(printed)].filter(Boolean).join('\n'),
  )
}

function spawn(program, args) {
  const options = { encoding: 'utf8', maxBuffer: 16 << 20 }
  if (!program.endsWith('.bat')) return spawnSync(program, args, options)
  // Windows starts .bat files through its shell only, which takes one line of text.
  const line = [program, ...args].map((part) => `"${part}"`).join(' ')
  return spawnSync(line, { ...options, shell: true })
}
