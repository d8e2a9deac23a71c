import { randomBytes } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hostServers } from '@norrix/server/host'
import { createLog } from '@norrix/server/kernel/log'
import { Aapt2Missing, ensureAapt2 } from './aapt2.ts'
import { checkApk } from './demo/apk.ts'
import { installCli, type InstalledCli } from './demo/cli.ts'
import { openVisitor } from './demo/open-visitor.ts'
import { newcomer, type Visitor } from './demo/visitor.ts'

/**
 * `npm run demo`: the whole story, unattended, on a temporary folder and free ports. It changes nothing on the system and
 * leaves nothing running; what stays is the app package, in `examples/hello-android/build/`.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const example = join(root, 'examples/hello-android')
const apk = join(example, 'build/app-release.apk')
const keyName = 'Demo pipeline'

const work = mkdtempSync(join(tmpdir(), 'norrix-demo-'))
// Builds run as another user; what they may read has to be reachable for it.
chmodSync(work, 0o755)
const log: string[] = []
const started = performance.now()
let failed = false
const closers: (() => Promise<void>)[] = []

try {
  await tell()
  say(`\n✓ the whole story in ${seconds(performance.now() - started)}`)
  say(`  apk  ${relative(process.cwd(), apk)}`)
} catch (error) {
  failed = true
  say(`✗ ${error instanceof Error ? error.message : String(error)}`)
  const file = join(tmpdir(), `norrix-demo-${process.pid}.log`)
  writeFileSync(file, log.join(''), { mode: 0o600 })
  say(`  the server's log  ${file}`)
} finally {
  for (const close of closers.toReversed()) await close().catch(() => {})
  rmSync(work, { recursive: true, force: true })
}
process.exit(failed ? 1 : 0)

async function tell(): Promise<void> {
  const aapt2 = await step('a tool for the Android example', findAapt2)
  const hosting = await step('two servers, prod and dev, on a temporary folder', () => host(aapt2))
  const [prod] = hosting.servers
  if (!prod) throw new Error('There is no server.')
  const visitor = await step('a person with a browser', async () => {
    const opened = await openVisitor(newcomer(), (why) => say(`  ${why}`))
    closers.push(() => opened.close())
    return opened
  })
  say(`  ${visitor.how}`)
  const link = await prod.ownerLink()
  if (!link) throw new Error('There is no claim link.')
  await step('claim: account, organization Acme', () => visitor.claim(link.url))
  const cli = await step('install the command line from the server', () =>
    installCli(prod.url, work),
  )
  await step('norrix sign-in', () => signIn(cli, visitor, prod.url))
  await shown('norrix whoami', () => cli.run(['whoami']))
  const key = await step('Dashboard → Settings → API Keys → Create API Key', () =>
    visitor.createKey(prod.url, keyName),
  )
  say(`  ${key.slice(0, 12)}…`)
  const pipeline = { NORRIX_API_KEY: key, NORRIX_API_URL: prod.url }
  const runner = await prod.runner
  if (runner) say(`  runner ready, builds kept apart by: ${runner.isolation}`)
  else say('! The build is left out: the runner did not start here; it said why above.')
  if (aapt2 && runner) await buildIt(cli, pipeline)
  await step(`revoke "${keyName}" in the dashboard`, () => visitor.revokeKey(prod.url, keyName))
  await refused(cli, pipeline)
  await shown('the same key with --dev', () => cli.run(['whoami', '--dev'], { env: pipeline }), 4)
  await shown('norrix sign-out', () => cli.run(['sign-out']))
  await shown('norrix whoami', () => cli.run(['whoami']), 4)
}

async function findAapt2(): Promise<string | undefined> {
  const tools = join(work, 'tools')
  mkdirSync(tools, { mode: 0o755 })
  try {
    return await ensureAapt2({ copyInto: tools })
  } catch (error) {
    if (!(error instanceof Aapt2Missing)) throw error
    say(`! The Android part is left out: ${error.message}`)
    return undefined
  }
}

async function host(aapt2: string | undefined) {
  const runner = aapt2 ? { env: { AAPT2: aapt2 }, readable: [join(work, 'tools')] } : {}
  const environment = (kind: string) => ({ listen: { port: 0 }, data: join(work, kind) })
  const config = {
    environments: {
      prod: { ...environment('prod'), runner },
      dev: { ...environment('dev'), runner: false },
    },
  }
  const file = join(work, 'norrix-server.json')
  writeFileSync(file, JSON.stringify(config))
  const hosting = await hostServers({
    env: { PATH: process.env['PATH'], NORRIX_SERVER_CONFIG: file },
    folder: work,
    root,
    effects: { now: Date.now, random: randomBytes, log: createLog((line) => log.push(line)) },
  })
  closers.push(() => hosting.stop())
  return hosting
}

async function signIn(cli: InstalledCli, visitor: Visitor, url: string): Promise<void> {
  const { address, ended } = await cli.signIn(url)
  await visitor.approve(address)
  const { code, stdout, stderr } = await ended
  if (code !== 0) throw new Error(`norrix sign-in ended with exit code ${code}:\n${stderr}`)
  say(indent(stdout || stderr.split('\n').slice(-5).join('\n')))
}

async function buildIt(cli: InstalledCli, pipeline: Record<string, string>): Promise<void> {
  const project = join(work, 'hello-android')
  cpSync(example, project, { recursive: true, filter: (path) => path !== join(example, 'build') })
  const built = await shown('norrix build android release, with the key and no terminal', () =>
    cli.run(['build', 'android', 'release'], { env: pipeline, folder: project }),
  )
  const buildId = /build_[0-9A-Za-z]+/.exec(built.stdout + built.stderr)?.[0]
  if (buildId === undefined) throw new Error('The build did not say its id.')
  mkdirSync(join(example, 'build'), { recursive: true })
  await shown('norrix builds download', () =>
    cli.run(['builds', 'download', buildId, '--force', '--out', join(example, 'build')], {
      env: pipeline,
    }),
  )
  const checked = await step('verify the apk', () => checkApk(apk))
  say(`  ${checked.sizeBytes} bytes, signed by ${checked.signer}`)
  say(`  sha256 ${checked.sha256}`)
}

/** How long after the revocation answered the next call was refused: the call itself, nothing more. */
async function refused(cli: InstalledCli, pipeline: Record<string, string>): Promise<void> {
  const revoked = performance.now()
  const answer = await fetch(`${pipeline['NORRIX_API_URL']}/api/whoami`, {
    headers: { authorization: `Bearer ${pipeline['NORRIX_API_KEY']}` },
  })
  const elapsed = performance.now() - revoked
  if (answer.status !== 401) throw new Error(`The revoked key was answered with ${answer.status}.`)
  say(`  refused ${elapsed.toFixed(1)} ms after the revocation was answered: the very next call`)
  await shown(
    'norrix whoami, with the revoked key',
    () => cli.run(['whoami'], { env: pipeline }),
    4,
  )
}

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now()
  const value = await work()
  say(`✓ ${what.padEnd(62)} ${seconds(performance.now() - from).padStart(7)}`)
  return value
}

/** Runs a command, shows what it said, and holds it to its exit code. */
async function shown(
  what: string,
  run: () => Promise<{ code: number; stdout: string; stderr: string }>,
  expected = 0,
): Promise<{ stdout: string; stderr: string }> {
  const ended = await step(what, run)
  say(indent(`${ended.stderr}${ended.stdout}`))
  if (ended.code !== expected) {
    throw new Error(`${what}: exit code ${ended.code}, not ${expected}.`)
  }
  return ended
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, '    ')
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
