#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { runOperator } from './commands/run.ts'

/** The process: `norrix-server` and its words. Without any it serves. */
const root = fileURLToPath(new URL('../../..', import.meta.url))

const code = await runOperator(
  process.argv.slice(2),
  {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => new Date(),
    signal: new AbortController().signal,
  },
  root,
)
process.exitCode = code
