import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { hostServers } from '@norrix/server/host'
import { createLog } from '@norrix/server/kernel/log'

/**
 * The server's process for tests that need it under a user and an environment of its own: hosts what
 * NORRIX_SERVER_CONFIG names, and says on stdout, as one line of JSON, what a person reads at the start.
 */
const log: string[] = []
const hosting = await hostServers({
  env: process.env,
  folder: process.cwd(),
  root: fileURLToPath(new URL('../..', import.meta.url)),
  effects: { now: Date.now, random: randomBytes, log: createLog((line) => log.push(line)) },
})
const servers = await Promise.all(
  hosting.servers.map(async (server) => ({
    kind: server.kind,
    url: server.url,
    ownerLink: await server.ownerLink(),
    isolation: (await server.runner)?.isolation ?? log.join(''),
  })),
)
process.stdout.write(`${JSON.stringify(servers)}\n`)
const stop = (): void => void hosting.stop().then(() => process.exit(0))
process.once('SIGTERM', stop)
// A test that gave up leaves no server behind, which would keep the whole run from ending.
process.stdin.resume().once('end', stop)
