import { existsSync } from 'node:fs'
import { bareEnvironment, buildEnvironment, environmentText } from './environment.ts'
import { IsolationError } from './isolation.ts'
import type { CommandOptions, SpawnPlan } from './isolation.ts'
import { isWithin, planView } from './private-view.ts'
import type { ViewStep } from './private-view.ts'

/**
 * Makes the private view from inside fresh namespaces, with util-linux alone, and becomes their process 1.
 * Arguments: the stash, the steps (one a line: kind, space, path), then the arguments of `setpriv`.
 *
 * A path that is kept may lie under one that is covered, so everything kept is first bound into a stash (a tmpfs that
 * is gone before the build starts) and laid back by a path relative to it; `-c` keeps mount from turning that
 * path into an absolute one. Remounting has to repeat a mount's own flags: in a user namespace they are
 * locked, and leaving one out is refused. The script stays alive as process 1, with its privileges, so that no
 * process of the build can end or trace it; when it goes the kernel ends every other process of the build.
 */
const setUp = `
set -eu
umask 022
stash=$1 steps=$2
shift 2
mount -t tmpfs -o mode=755 norrix "$stash"
cd "$stash"
number=0
while IFS= read -r step; do
  number=$((number + 1)) at=\${step#* }
  case $step in
    keep-folder*) mkdir "$number" ;;
    keep-file*) : >"$number" ;;
    *) continue ;;
  esac
  mount --rbind "$at" "$number"
done <<STEPS
$steps
STEPS
number=0
while IFS= read -r step; do
  number=$((number + 1)) at=\${step#* }
  case $step in
    cover-folder*) if [ -d "$at" ]; then mount -t tmpfs -o mode=755 norrix "$at"; fi ;;
    cover-fresh*) if [ -d "$at" ]; then mount -t tmpfs -o mode=1777 norrix "$at"; fi ;;
    cover-file*) if [ -e "$at" ]; then mount --bind /dev/null "$at"; fi ;;
    keep-folder*) mkdir -p "$at"; mount -c --rbind "./$number" "$at" ;;
    keep-file*) mkdir -p "\${at%/*}/"; [ -e "$at" ] || : >"$at"; mount -c --bind "./$number" "$at" ;;
  esac
done <<STEPS
$steps
STEPS
cd /
umount -l "$stash"
while read -r _ _ _ _ at flags rest; do
  at=$(printf '%b_' "$at") at=\${at%_} kind=\${rest#*- }
  case \${kind%% *} in proc | sysfs | devpts | devtmpfs | mqueue | cgroup*) continue ;; esac
  case "
$steps
" in
    *"
keep-folder-writable $at
"* | *"
cover-fresh $at
"*) continue ;;
  esac
  case $at in /dev/* | /proc/* | /sys/*) continue ;; esac
  mount -o "remount,bind,$flags,ro" "$at"
done </proc/self/mountinfo
if [ -d /dev/shm ]; then mount -t tmpfs -o mode=1777 norrix /dev/shm; fi
setpriv "$@"
exit $?
`

/** The last stage, without privileges: takes the environment, says that the build starts, becomes it. */
export const takeOff =
  'unset LC_ALL; eval "$(cat <&3)"; exec 3<&-; cd "$1" && shift && unset OLDPWD && echo started >&4 && exec 4>&- && exec "$@" 2>&1'

/** Where the stash may be mounted for a moment: folders that a Linux has and that hold nothing kept. */
const stashes = ['/dev/shm', '/srv', '/mnt', '/media']

export interface ViewRecipe {
  /** Arguments of `unshare` beside those every view has. */
  readonly unshare: readonly string[]
  /** Arguments of `setpriv` that take the last privileges away. */
  readonly drop: readonly string[]
  readonly reach: 'everybody' | 'owner'
  /** Folder of the Node binary that the build finds first. */
  readonly node: string
}

/** Plans a start through `unshare` and the script above. Throws an `IsolationError`; see `planView`. */
export function planUnshared(
  argv: readonly string[],
  options: CommandOptions,
  recipe: ViewRecipe,
): SpawnPlan {
  const steps = planView(options, recipe.reach)
  const view = ['/bin/sh', '-c', setUp, 'sh', pickStash(steps), steps.map(stepLine).join('\n')]
  const start = [...recipe.drop, '--', '/bin/sh', '-c', takeOff, 'sh', options.directory, ...argv]
  return {
    file: 'setpriv',
    args: [
      '--pdeathsig',
      'KILL',
      'unshare',
      ...recipe.unshare,
      ...everyView,
      '--',
      ...view,
      ...start,
    ],
    env: bareEnvironment,
    cwd: '/',
    channel: { kind: 'environment', text: environmentText(buildEnvironment(options, recipe.node)) },
    spareLeader: false,
  }
}

// A dying runner takes `unshare` with it (--pdeathsig), that takes process 1 (--kill-child), that takes the rest.
const everyView =
  '--mount --pid --ipc --fork --kill-child=KILL --mount-proc --propagation private'.split(' ')

function stepLine(step: ViewStep): string {
  if (step.path.includes('\n')) {
    throw new IsolationError(
      `The path ${JSON.stringify(step.path)} holds a line break. Rename that folder.`,
    )
  }
  const shape = step.isFile ? 'file' : 'folder'
  if (step.kind === 'cover')
    return `${step.writable ? 'cover-fresh' : `cover-${shape}`} ${step.path}`
  return `keep-${shape}${step.writable ? '-writable' : ''} ${step.path}`
}

function pickStash(steps: readonly ViewStep[]): string {
  const free = stashes.find((at) => existsSync(at) && !steps.some((step) => touches(step.path, at)))
  if (free !== undefined) return free
  throw new IsolationError(
    `None of ${stashes.join(', ')} is free for a moment's mount. Create an empty /srv.`,
  )
}

function touches(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}
