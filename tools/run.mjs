#!/usr/bin/env node
// Runs a root script under the Node that package-lock.json pins, installing first where needed.
//
// Node 20 must be able to read this file and everything it imports: it is what a stranger's own
// Node meets first. It may import Node itself and its neighbours here, nothing else.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installed } from './run/install.mjs'
import { pinnedNode } from './run/node.mjs'
import { scripts } from './scripts.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

process.exitCode = await run(process.argv[2], process.argv.slice(3))

/** Runs the script called `name` and gives its exit code; 2 where there is no such script. */
async function run(name, words) {
  const script = name !== undefined && Object.hasOwn(scripts, name) ? scripts[name] : undefined
  if (script === undefined) return say(2, unknown(name))
  const install = installed(root)
  if (install.failure !== undefined) return say(1, install.failure)
  const node = pinnedNode(root)
  if (node.failure !== undefined) return say(1, node.failure)
  for (const [index, step] of script.steps.entries()) {
    const last = index === script.steps.length - 1
    const code = await runStep(node.path, last ? [...step, ...words] : step, script)
    if (code !== 0) return code
  }
  return 0
}

function runStep(node, step, script) {
  const at = step.findIndex((word) => !word.startsWith('-'))
  const file = join(root, step[at])
  if (!existsSync(file))
    return say(1, `${step[at]} is missing from this clone. Fix: git checkout ${step[at]}`)
  const args = [...step.slice(0, at), file, ...step.slice(at + 1)]
  const options = {
    cwd: script.inCallersFolder ? callersFolder() : root,
    env: environment(node, script.env),
    stdio: 'inherit',
  }
  return ended(spawn(node, args, options))
}

/** Waits for the child, handing on the signals that only this process was sent. */
function ended(child) {
  // A terminal sends Ctrl-C to the child as well; a second one would read as "stop at once".
  const shared = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const forward = { SIGTERM: true, SIGHUP: true, SIGINT: !shared }
  const listeners = Object.entries(forward).map(([signal, on]) => {
    const listener = () => on && child.kill(signal)
    process.on(signal, listener)
    return () => process.off(signal, listener)
  })
  return new Promise((settle) => {
    child.on('error', (error) => settle(say(1, `Node could not be started: ${error.message}`)))
    child.on('exit', (code, signal) => {
      for (const off of listeners) off()
      // 128 plus the signal's number is how a shell reports a process that a signal ended.
      settle(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}

function environment(node, extra) {
  const env = { ...process.env, ...extra }
  // Windows spells it `Path`; a second spelling beside it would be ignored or win at random.
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  env[key] = [dirname(node), env[key]].filter(Boolean).join(delimiter)
  return env
}

/** npm moves to the clone's root before it runs a script and leaves the caller's folder in INIT_CWD. */
function callersFolder() {
  const { INIT_CWD: folder, npm_lifecycle_event: event } = process.env
  // A script started from inside another one inherits a stale INIT_CWD; the event's name tells.
  return event === process.argv[2] && folder ? resolve(folder) : process.cwd()
}

function unknown(name) {
  const what = name === undefined ? 'Name a script.' : `There is no script called "${name}".`
  return `${what} Fix: npm run ${Object.keys(scripts).join(' | ')}`
}

function say(code, sentence) {
  process.stderr.write(`${sentence}\n`)
  return code
}
