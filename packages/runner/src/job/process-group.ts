import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** Sends a signal to every process of a group; one that is gone already is no error. */
export function signalGroup(
  leader: number,
  signal: NodeJS.Signals,
  options: { spareLeader: boolean },
): void {
  if (process.platform === 'win32') return endTree(leader)
  if (!options.spareLeader) return send(-leader, signal)
  for (const pid of membersOf(leader)) if (pid !== leader) send(pid, signal)
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal)
  } catch {
    // Nobody is left to receive it, or (macOS) only zombies are.
  }
}

function membersOf(group: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => groupOf(pid) === group)
}

/** Field 5 of /proc/<pid>/stat (proc(5)); the name in field 2 may itself hold spaces and brackets. */
function groupOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2])
  } catch {
    return undefined
  }
}

/** Never run: Windows knows no process groups, so the tree of children is ended, without a grace. */
function endTree(pid: number): void {
  spawn('taskkill', ['/pid', `${pid}`, '/t', '/f'], { stdio: 'ignore' }).on('error', () => {})
}
