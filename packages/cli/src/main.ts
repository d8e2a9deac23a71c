import { homedir } from 'node:os'
import { Fault } from '@norrix/contract/fault'
import { runCommand } from './run.ts'

const stop = new AbortController()

// The first Ctrl-C lets the command end what it must; the second does not wait for that.
process.on('SIGINT', () => {
  if (stop.signal.aborted) process.exit(130)
  stop.abort(new Fault('interrupted', { message: 'Stopped.' }))
})

// Whoever reads the output may stop reading, as `head` does; that is no fault.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
}

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  homeDir: homedir(),
  platform: process.platform,
  nodeVersion: process.versions.node,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => new Date(),
  signal: stop.signal,
})
