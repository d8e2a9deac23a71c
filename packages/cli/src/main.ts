import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Fault } from '@norrix/contract/fault'
import { version } from '@norrix/contract/version'
import type { OutputStream } from './io/terminal.ts'
import { runCommand } from './run.ts'

const stop = new AbortController()

// The first Ctrl-C lets the command end what it must; the second does not wait for that.
process.on('SIGINT', () => {
  if (stop.signal.aborted) process.exit(130)
  stop.abort(new Fault('interrupted', { message: 'Stopped.' }))
})

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  homeDir: homeOrNone(),
  platform: process.platform,
  nodeVersion: process.versions.node,
  nodePath: process.execPath,
  programPath: fileURLToPath(import.meta.url),
  version,
  stdin: {
    get isTTY() {
      return process.stdin.isTTY
    },
  },
  stdout: output('stdout'),
  stderr: output('stderr'),
  now: () => new Date(),
  signal: stop.signal,
})

/** Empty where there is none: a container may run as a user that its system does not know. */
function homeOrNone(): string {
  try {
    return homedir()
  } catch {
    return ''
  }
}

/** A stream that is opened when it is first used: each costs a fifth of Node's own start. */
function output(name: 'stdout' | 'stderr'): OutputStream {
  let opened: NodeJS.WriteStream | undefined
  const stream = (): NodeJS.WriteStream => {
    if (opened) return opened
    opened = process[name]
    // Whoever reads the output may stop reading, as `head` does; that is no fault.
    opened.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? 0 : 1),
    )
    return opened
  }
  return {
    get isTTY() {
      return stream().isTTY
    },
    get columns() {
      return stream().columns
    },
    write: (text) => stream().write(text),
  }
}
