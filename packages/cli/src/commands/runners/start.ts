import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { platforms as allPlatforms, type Platform } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { command } from '../../command.ts'
import type { Io } from '../../io/io.ts'
import { firstLineOfStdin } from '../../io/stdin.ts'
import { noServer } from '../../needs/api.ts'
import { isLoopback, readOrigin, type Environment } from '../../needs/environment.ts'
import { textOption, type Call } from '../../needs/call.ts'
import type { Basics } from '../../needs/basics.ts'

/** Runs a runner in the foreground until it is stopped. It has a token of its own, not the user's session. */
export const runnersStart = command(['environment'], async ({ environment, ...basics }) => {
  const { around, call, io, paths } = basics
  const url = serverOf(call, environment)
  const platforms = readPlatforms(textOption(call, 'platforms') ?? platformsOf(around.platform))
  const allowNoIsolation = call.options['allowNoIsolation'] === true
  if (allowNoIsolation && !isLoopback(new URL(url))) throw notAlone(url)
  const token = await readToken(basics)
  const { startRunner } = await import('@norrix/runner/agent')
  await startRunner({
    url,
    token,
    name: textOption(call, 'name') ?? null,
    platforms,
    scratch: folderFor(token, basics),
    hidden: [paths.folder],
    readable: [
      ...toolFolders(around.env),
      ...listOption(call, 'readable').map((one) => resolve(around.cwd, one)),
    ],
    env: passedOn(around.env, listOption(call, 'pass')),
    allowNoIsolation,
    log: (event, fields = {}) => sayEvent(io, event, fields),
    signal: around.signal,
  })
})

function serverOf(call: Call, environment: Environment): string {
  const typed = textOption(call, 'url')
  if (typed !== undefined) return readOrigin(typed, '--url')
  if (environment.server) return environment.server.origin
  throw noServer(environment.name, 'sign-in')
}

/** From the environment, else one line of stdin: arguments are for everybody on the machine to read. */
async function readToken({ around }: Basics): Promise<string> {
  const given = around.env['NORRIX_RUNNER_TOKEN']?.trim()
  const token = given || (around.stdin.isTTY === true ? '' : (await firstLineOfStdin()).trim())
  if (/^nrr_[\x21-\x7e]{8,200}$/.test(token)) return token
  throw new Fault(token === '' ? 'usage' : 'runner_unknown', {
    message:
      token === ''
        ? 'The runner has no token.'
        : 'This is not a runner token: those begin with nrr_. Nothing was sent.',
    fix: 'set NORRIX_RUNNER_TOKEN, or give it on stdin; Dashboard → Runners → Add runner makes one',
  })
}

/** A folder of this runner alone: the same token is the same runner. Root's is one that another uid can reach. */
function folderFor(token: string, { around, call }: Basics): string {
  const chosen = textOption(call, 'folder')
  if (chosen !== undefined) return resolve(around.cwd, chosen)
  const name = `runner-${createHash('sha256').update(token).digest('hex').slice(0, 12)}`
  if (around.platform !== 'win32' && process.getuid?.() === 0) return join('/var/lib/norrix', name)
  const state = around.env['XDG_STATE_HOME'] || join(around.homeDir, '.local', 'state')
  return join(state, 'norrix', name)
}

const passedNames = [
  'PATH',
  'LANG',
  'LC_ALL',
  'TZ',
  'ANDROID_HOME',
  'ANDROID_SDK_ROOT',
  'JAVA_HOME',
  'DEVELOPER_DIR',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
  'NODE_EXTRA_CA_CERTS',
]
const toolNames = ['ANDROID_HOME', 'ANDROID_SDK_ROOT', 'JAVA_HOME']

/** What builds get of this machine's environment: names of tools, and what --pass names. Nothing of ours. */
function passedOn(env: Basics['around']['env'], more: readonly string[]): Record<string, string> {
  const ours = more.find((name) => /^NORRIX_/i.test(name))
  if (ours !== undefined) {
    throw new Fault('usage', {
      message: `--pass ${ours} would give it to every build.`,
      fix: 'leave it out',
    })
  }
  return Object.fromEntries(
    [...passedNames, ...more].flatMap((name) =>
      env[name] === undefined ? [] : [[name, env[name]]],
    ),
  )
}

function toolFolders(env: Basics['around']['env']): string[] {
  return toolNames.flatMap((name) => env[name] ?? [])
}

function platformsOf(system: NodeJS.Platform): string {
  return system === 'darwin' ? 'ios,visionos' : 'android'
}

function readPlatforms(text: string): Platform[] {
  const names = text.split(',').map((name) => name.trim())
  return names.map((name) => {
    const found = allPlatforms.find((one) => one === name)
    if (found !== undefined) return found
    throw new Fault('usage', {
      message: `There is no platform ${name.slice(0, 40)}.`,
      fix: `platforms are ${allPlatforms.join(', ')}, with commas between`,
    })
  })
}

function listOption(call: Call, name: string): string[] {
  return (textOption(call, name) ?? '').split(',').filter((one) => one !== '')
}

function sayEvent(io: Io, event: string, fields: Readonly<Record<string, unknown>>): void {
  if (io.isJson) {
    io.event({ event, ...fields })
    return
  }
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${shortText(value)}`)
  io.result.line([new Date().toISOString(), event, ...shown].join('  '))
}

function shortText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === undefined ? '' : text.slice(0, 300)
}

function notAlone(url: string): Fault {
  return new Fault('isolation_missing', {
    message: `--allow-no-isolation is for a server on this machine alone, and ${url} is not.`,
    fix: 'run it on a machine where builds can be kept apart',
  })
}
