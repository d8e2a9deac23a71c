import { randomBytes } from 'node:crypto'
import { accessSync, appendFileSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { reportFault } from '@norrix/server/commands/run'
import { hostServers } from '@norrix/server/host'
import { createLog } from '@norrix/server/kernel/log'
import type { NorrixServer } from '@norrix/server/server'

/** `npm start`: hosts both environments for real and says everything a person needs to begin. */
const root = fileURLToPath(new URL('..', import.meta.url))
const logFolder = join(root, '.norrix-server')
const logFile = join(logFolder, 'server.log')
mkdirSync(logFolder, { recursive: true, mode: 0o700 })
const log = createLog((line) => appendFileSync(logFile, line, { mode: 0o600 }))

try {
  const hosting = await hostServers({
    env: process.env,
    folder: root,
    root,
    effects: { now: Date.now, random: randomBytes, log },
  })
  const links: (string | undefined)[] = []
  for (const server of hosting.servers) links.push(await introduce(server))
  const [first] = hosting.servers
  if (first) sayHowToGoOn(first, links[0])
  for (const server of hosting.servers) await sayRunner(server)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      say('\nStopping.')
      void hosting.stop().then(() => process.exit(0))
    })
  }
} catch (error) {
  process.exit(reportFault(error, process))
}

/** Says where the server is; gives the claim link, of which each new one replaces the last. */
async function introduce(server: NorrixServer): Promise<string | undefined> {
  say(`${server.kind.padEnd(5)} ${server.url}`)
  say(`  data    ${server.dataFolder}`)
  const link = await server.ownerLink()
  if (link) say(`  claim   ${link.url}  (single use, 15 minutes)`)
  return link?.url
}

function sayHowToGoOn(server: NorrixServer, claimLink: string | undefined): void {
  const prefix = globalFolderIsWritable() ? '' : ' --prefix ~/.local'
  say(`\nInstall the command line, then sign in:`)
  say(`  npm install -g${prefix} ${server.url}/cli.tgz`)
  say(`  norrix sign-in ${server.url}`)
  say(`\nLog: ${logFile} · stop: Ctrl-C`)
  if (process.stdout.isTTY && !process.env['CI']) {
    openInBrowser(claimLink ?? server.url)
  }
}

async function sayRunner({ kind, runner }: NorrixServer): Promise<void> {
  const started = await runner
  say(
    `${kind}: ${started ? `embedded runner ready, isolation ${started.isolation}` : 'no embedded runner'}`,
  )
}

function globalFolderIsWritable(): boolean {
  const prefix = spawnSync('npm', ['prefix', '-g'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  try {
    accessSync(
      join(prefix.stdout.trim(), process.platform === 'win32' ? '.' : 'lib'),
      constants.W_OK,
    )
    return true
  } catch {
    return false
  }
}

/** Best effort: the address is printed in any case. */
function openInBrowser(url: string): void {
  const opener = { darwin: ['open'], win32: ['rundll32', 'url.dll,FileProtocolHandler'] }[
    process.platform as string
  ] ?? ['xdg-open']
  const [command = '', ...words] = opener
  spawn(command, [...words, url], { stdio: 'ignore', detached: true })
    .on('error', () => undefined)
    .unref()
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
