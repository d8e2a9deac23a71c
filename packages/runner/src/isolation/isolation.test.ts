import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
} from 'node:fs'
import {
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunResult } from '../job/run.ts'
import type { Measured } from './measure.ts'

// Threat T95. A runner of its own (this very code, copied to where any user can read it) runs an attacking build, as root
// and as an ordinary user. No secret is protected by a file mode: whatever is not found was kept away by the isolation.

const isRoot = process.getuid?.() === 0
const throwAwayUid = 61_777
const isLinux = process.platform === 'linux'
const has = (tool: string): boolean => isLinux && spawnSync('which', [tool]).status === 0

// Not in /tmp: that is covered for every build anyway, which would prove nothing.
const base = realpathSync(
  mkdtempSync(path.join(isRoot ? firstFolder(['/srv', '/opt']) : homedir(), '.norrix-test-')),
)
const at = (...parts: string[]): string => path.join(base, ...parts)

const secrets = {
  'the data folder': 'pepper-3f9c51aa',
  'the home': 'dotfile-77d0b2e4',
  "the server's environment": 'environ-1b6e90cd',
  'another workspace': 'sibling-c2a4f7e8',
  'the runner’s environment': 'runner-5d8e3b10',
}

interface Case {
  readonly user: 'root' | 'user'
  readonly level: 'uid' | 'bwrap' | 'userns' | 'none'
  readonly skip: boolean
}

const cases: readonly Case[] = [
  { user: 'root', level: 'uid', skip: !isRoot },
  { user: 'user', level: 'bwrap', skip: !has('bwrap') },
  { user: 'user', level: 'userns', skip: !has('unshare') },
]

// The runner under test: measures the level, makes two workspaces, runs the command in one of them.
const runner = `
import { writeFileSync } from 'node:fs'
import { measureIsolation } from './src/isolation/measure.ts'
import { createWorkspace, removeWorkspace, sweepWorkspaces } from './src/job/workspace.ts'
import { runCommand } from './src/job/run.ts'
const { scratch, hidden, wanted, command, sibling } = JSON.parse(process.argv[2])
const swept = await sweepWorkspaces(scratch + '/builds')
const { isolation, report } = await measureIsolation({ scratch, hidden, wanted, allowNone: true })
const theirs = await createWorkspace(scratch + '/builds', 'theirs')
writeFileSync(theirs.source + '/secret', sibling, { mode: 0o644 })
const mine = await createWorkspace(scratch + '/builds', 'mine')
await isolation.prepare(mine.folder)
let log = ''
const sink = async (text) => { log += text; process.stderr.write(text) }
const result = await runCommand(command.replaceAll('@theirs', theirs.folder), {
  isolation, workspace: mine.folder, directory: mine.source, env: { GIVEN: 'yes' }, hidden: [], readable: [], mask: [],
  limits: { wallSeconds: 30, logBytes: 1e6, graceSeconds: 1 }, sink,
})
await isolation.release(mine.folder)
for (const workspace of [mine, theirs]) await removeWorkspace(workspace.folder)
console.log(JSON.stringify({ report, result, log, swept }))
`

interface Answer {
  readonly report: Measured['report']
  readonly result: RunResult
  readonly log: string
  readonly swept: { readonly processes: number; readonly workspaces: number }
}

let server: ChildProcess | undefined

beforeAll(() => {
  chmodSync(base, 0o755)
  for (const folder of ['data', 'home', 'scratch-root', 'scratch-user', 'house/bin'])
    mkdirSync(at(folder), { recursive: true })
  writeFileSync(at('data/pepper'), secrets['the data folder'])
  writeFileSync(at('home/.netrc'), secrets['the home'])
  for (const part of ['isolation', 'job'])
    cpSync(path.join(import.meta.dirname, '..', part), at('house/src', part), { recursive: true })
  // Behind a link, since Node runs no TypeScript that lies in node_modules.
  const contract = path.join(import.meta.dirname, '../../../contract')
  cpSync(contract, at('house/contract'), { recursive: true })
  mkdirSync(at('house/node_modules/@norrix'), { recursive: true })
  symlinkSync('../../contract', at('house/node_modules/@norrix/contract'))
  writeFileSync(at('house/runner.ts'), runner)
  writeFileSync(at('house/package.json'), '{"type":"module"}')
  copyFileSync(process.execPath, at('house/bin/node'))
  execFileSync('chmod', ['-R', 'a+rX', at('house')])
  chmodSync(at('house/bin/node'), 0o755)
  if (isRoot) for (const place of ['data', 'home', 'scratch-user']) chown(at(place))
  server = spawnAs('user', ['/bin/sh', '-c', 'read -r _'], {
    SECRET: secrets["the server's environment"],
  })
})

afterAll(() => {
  server?.kill('SIGKILL')
  rmSync(base, { recursive: true, force: true })
})

function chown(folder: string): void {
  chownSync(folder, throwAwayUid, throwAwayUid)
  for (const name of readdirSync(folder))
    chownSync(path.join(folder, name), throwAwayUid, throwAwayUid)
}

function firstFolder(folders: readonly string[]): string {
  return folders.find((folder) => existsSync(folder)) ?? '/var'
}

function spawnAs(
  user: Case['user'],
  argv: readonly string[],
  env: Record<string, string>,
): ChildProcess {
  const drop = [
    'setpriv',
    '--reuid',
    `${throwAwayUid}`,
    '--regid',
    `${throwAwayUid}`,
    '--clear-groups',
  ]
  const [file = '', ...args] = user === 'user' && isRoot ? [...drop, ...argv] : argv
  const path_ = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'
  return spawn(file, args, {
    cwd: '/',
    env: { PATH: path_, HOME: at('home'), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

function startRunner(which: Case, command: string): ChildProcess {
  const input = {
    scratch: at(`scratch-${which.user}`),
    hidden: [at('data')],
    wanted: which.level,
    command,
    sibling: secrets['another workspace'],
  }
  const argv = [at('house/bin/node'), at('house/runner.ts'), JSON.stringify(input)]
  return spawnAs(which.user, argv, { SECRET: secrets['the runner’s environment'] })
}

async function runBuild(which: Case, command: string): Promise<Answer> {
  const child = startRunner(which, command)
  const said = { stdout: '', stderr: '' }
  child.stdout?.on('data', (text) => (said.stdout += text))
  child.stderr?.on('data', (text) => (said.stderr += text))
  await once(child, 'close')
  if (said.stdout === '') throw new Error(said.stderr)
  return JSON.parse(said.stdout)
}

/** Reads every secret in every way that costs an attacker one line. */
function attack(): string {
  const files = [at('data/pepper'), at('home/.netrc'), '@theirs/source/secret']
  const look = [
    ...files.map((file) => `cat ${file} /proc/1/root${file} /proc/self/root${file}`),
    `cat /proc/${server?.pid}/environ /proc/[0-9]*/environ`,
    `cat ../../theirs*/source/secret`,
  ].join('; ')
  // Only covers in the test's own folder: an attack that gets through must not take the machine's mounts away.
  const mounts = `cut -d" " -f5 /proc/self/mountinfo | sort -r | grep -F ${at('')}`
  const uncover = `for at in $(${mounts}); do umount -l "$at"; done 2>&1 | tail -1`
  return [
    look,
    uncover,
    look,
    `unshare -Urm sh -c '${uncover}; mount -t proc proc /proc; ${look}'`,
    `unshare -Urmpf --mount-proc sh -c '${look}'`,
    `nsenter -t 1 -m -p sh -c '${look}'`,
    `nsenter -t ${server?.pid} -a sh -c '${look}'`,
    `ln -s ${at('data')} link; cat link/pepper`,
    `mkdir m; mount --bind ${at('data')} m; cat m/pepper`,
    `kill -9 ${server?.pid}`,
    `touch ${at('data/planted')} ${at('home/planted')} ${at('planted')} ${at('house/src/planted')}`,
    'echo end of attack',
  ].join('\n')
}

describe.skipIf(!isLinux)('a build that tries to read what is not its own (T95)', () => {
  test('finds every secret at level none: the attack is a real one', async () => {
    const { log } = await runBuild(
      { user: 'user', level: 'none', skip: false },
      attack().replace(/^kill.*$/m, ''),
    )
    const found = Object.entries(secrets).filter(([, secret]) => log.includes(secret))
    expect(found.map(([name]) => name)).toEqual(Object.keys(secrets))
    expect(existsSync(at('data/planted'))).toBe(true)
    for (const place of ['data/planted', 'home/planted', 'planted', 'house/src/planted'])
      rmSync(at(place), { force: true })
  })

  for (const which of cases) {
    test.skipIf(which.skip)(
      `finds none at level ${which.level}, run by ${which.user}`,
      async () => {
        const { log, report, result } = await runBuild(which, attack())
        expect(report.level).toBe(which.level)
        expect(result).toEqual({ kind: 'exited', code: 0 })
        expect(log).toContain('end of attack')
        for (const [name, secret] of Object.entries(secrets))
          expect(log.includes(secret), name).toBe(false)
        for (const place of ['data', 'home', '', 'house/src'])
          expect(existsSync(at(place, 'planted'))).toBe(false)
        expect(server?.exitCode ?? server?.signalCode).toBeNull()
      },
    )

    test.skipIf(which.skip)(
      `level ${which.level} still lets a build work: Node, npm-like network, own folders`,
      async () => {
        const script = `
        process.env.GIVEN === 'yes' || process.exit(3)
        for (const dir of [process.cwd(), process.env.HOME, process.env.TMPDIR, '/tmp']) require('fs').writeFileSync(dir + '/x', '')
        Object.keys(require('os').networkInterfaces()).includes('lo') || process.exit(4)
        console.log(Object.keys(process.env).sort().join())`
        const { log, result } = await runBuild(
          which,
          `node -e "${script}" && which -a node | head -1`,
        )
        expect(result, log).toEqual({ kind: 'exited', code: 0 })
        expect(log).toBe(`GIVEN,HOME,LANG,PATH,PWD,TMPDIR,USER\n${at('house/bin/node')}\n`)
      },
    )

    test.skipIf(which.skip)(
      `kill -9 of the runner ends every process of a build at level ${which.level}`,
      async () => {
        const naps = await killRunnerInMidBuild(which)
        await expect.poll(() => running(naps), { timeout: 5000 }).toEqual([])
      },
    )
  }

  test('kill -9 of the runner ends the process group at level none, its next start what left the group', async () => {
    const which = { user: 'user', level: 'none', skip: false } as const
    const naps = await killRunnerInMidBuild(which)
    await expect.poll(() => running(naps).length, { timeout: 5000 }).toBe(1)
    const { swept } = await runBuild(which, 'true')
    expect(swept.processes).toBeGreaterThan(0)
    expect(swept.workspaces).toBe(2)
    expect(running(naps)).toEqual([])
  })
})

/** Starts a build with a child, a grandchild that ignores signals, and a daemon; returns how to tell them. */
async function killRunnerInMidBuild(which: Case): Promise<readonly string[]> {
  const first = 100_000 + Math.trunc(Math.random() * 800_000)
  const naps = [first, first + 1, first + 2].map((seconds) => `sleep ${seconds}`)
  const [child = '', deaf = '', daemon = ''] = naps
  const command = `${child} & sh -c "trap '' TERM HUP INT; ${deaf}; true" & setsid ${daemon} & echo up; wait`
  const runnerProcess = startRunner(which, command)
  await expect.poll(() => running(naps).length, { timeout: 20_000 }).toBe(3)
  runnerProcess.kill('SIGKILL')
  return naps
}

function running(commands: readonly string[]): readonly string[] {
  const lines = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid)
        ? [readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()]
        : []
    } catch {
      return []
    }
  })
  return commands.filter((command) => lines.includes(command))
}
