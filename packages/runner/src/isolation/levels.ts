import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { buildEnvironment, environmentText, bareEnvironment } from './environment.ts'
import { IsolationError } from './isolation.ts'
import type { CommandOptions, Isolation, SpawnPlan } from './isolation.ts'
import type { NodeForBuilds } from './node-for-builds.ts'
import { planView } from './private-view.ts'
import type { ViewStep } from './private-view.ts'
import { claimUnusedUid } from './unused-uid.ts'
import type { ClaimedUid } from './unused-uid.ts'
import { planUnshared, takeOff } from './view-script.ts'

const run = promisify(execFile)

export interface LevelOptions {
  /** Hidden from every build of this runner. */
  readonly hidden: readonly string[]
  readonly node: NodeForBuilds
}

// No group but its own, no capability left to use, none that a set-uid program could give back.
const noPrivileges = ['--no-new-privs', '--bounding-set=-all', '--inh-caps=-all']

/** Level `uid`; the runner must be root. `prepare` fails with an `IsolationError` when no uid is free. */
export function uidLevel(level: LevelOptions): Isolation {
  const claims = new Map<string, ClaimedUid>()
  return {
    level: 'uid',
    prepare: async (workspace) => {
      const claim = claims.get(workspace) ?? (await claimUnusedUid())
      claims.set(workspace, claim)
      await run('chown', ['-hR', `${claim.uid}:${claim.uid}`, workspace], { env: bareEnvironment })
    },
    command: (argv, options) => {
      const uid = claims.get(options.workspace)?.uid
      if (uid === undefined)
        throw new IsolationError('The workspace was not prepared. Prepare it first.')
      const drop = ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', ...noPrivileges]
      const recipe = { unshare: [], drop, reach: 'everybody', node: level.node.folder } as const
      return planUnshared(argv, withLevel(options, level), recipe)
    },
    release: async (workspace) => {
      const claim = claims.get(workspace)
      claims.delete(workspace)
      await claim?.give()
    },
  }
}

/** Level `userns`; for an ordinary user on a kernel that gives user namespaces to everybody. */
export function usernsLevel(level: LevelOptions): Isolation {
  const recipe = {
    unshare: ['--user', '--map-root-user'],
    drop: noPrivileges,
    reach: 'owner',
    node: level.node.folder,
  } as const
  return {
    level: 'userns',
    prepare: async () => {},
    command: (argv, options) => planUnshared(argv, withLevel(options, level), recipe),
    release: async () => {},
  }
}

/** Level `bwrap`; needs bubblewrap. */
export function bwrapLevel(level: LevelOptions): Isolation {
  return {
    level: 'bwrap',
    prepare: async () => {},
    command: (argv, options) => planBwrap(argv, withLevel(options, level), level.node.folder),
    release: async () => {},
  }
}

/** Level `none`: keeps nothing from a build but the runner's environment variables. */
export function noLevel(level: LevelOptions): Isolation {
  return {
    level: 'none',
    prepare: async () => {},
    command: (argv, options) => planPlain(argv, options, level.node.folder),
    release: async () => {},
  }
}

function withLevel(options: CommandOptions, level: LevelOptions): CommandOptions {
  return {
    ...options,
    hidden: [...level.hidden, ...options.hidden],
    readable: [...level.node.readable, ...options.readable],
  }
}

function planBwrap(argv: readonly string[], options: CommandOptions, node: string): SpawnPlan {
  const spaces = ['--unshare-pid', '--unshare-ipc', '--die-with-parent', '--cap-drop', 'ALL']
  const root = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc']
  const view = planView(options, 'owner').flatMap(bwrapStep)
  const start = ['--chdir', '/', '--', '/bin/sh', '-c', takeOff, 'sh', options.directory, ...argv]
  return {
    file: 'bwrap',
    args: [...spaces, ...root, ...view, ...start],
    env: bareEnvironment,
    cwd: '/',
    channel: { kind: 'environment', text: environmentText(buildEnvironment(options, node)) },
    spareLeader: true,
  }
}

function bwrapStep(step: ViewStep): readonly string[] {
  if (step.kind === 'keep') return [step.writable ? '--bind' : '--ro-bind', step.path, step.path]
  return step.isFile ? ['--ro-bind', '/dev/null', step.path] : ['--tmpfs', step.path]
}

/**
 * The group's leader keeps a watcher that waits for the life line to close, which it does when the runner
 * ends in any way, and then kills the group. The leader lives through SIGTERM: the command may end in its own way,
 * and its exit code is still told. A process that left the group is found by the sweep at
 * the runner's next start, where there is a /proc.
 */
const watched = `
trap : TERM
exec 4>&-
(trap '' TERM; cat <&3 >/dev/null 2>&1; kill -KILL 0) >/dev/null 2>&1 &
exec 3<&-
"$@" 2>&1
exit $?
`

function planPlain(argv: readonly string[], options: CommandOptions, node: string): SpawnPlan {
  const plain = { env: buildEnvironment(options, node), cwd: options.directory, spareLeader: false }
  const [file = '', ...args] = argv
  if (process.platform === 'win32') return { ...plain, file, args, channel: { kind: 'life-line' } }
  return {
    ...plain,
    file: '/bin/sh',
    args: ['-c', watched, 'sh', ...argv],
    channel: { kind: 'life-line' },
  }
}
