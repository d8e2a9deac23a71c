import { readFileSync } from 'node:fs'

/** What the kernel says about another process. Only Linux says it so; elsewhere all of these are not a number. */

/** proc(5): in ticks, of which Linux shows programs 100 a second on every architecture. */
const millisecondsOfTick = 10

/** Processor time that a process has had since it began, in ms, user and system. */
export function processorMs(pid: number): number {
  const fields = statFields(pid)
  return (Number(fields[11]) + Number(fields[12])) * millisecondsOfTick
}

/** The same of a process and all its children together, ended ones included. */
export function familyMs(pid: number): number {
  const children = read(pid, `task/${pid}/children`).split(' ').filter(Boolean)
  const living = children.map((child) => processorMs(Number(child)))
  return living.reduce((sum, ms) => sum + ms, processorMs(pid) + endedChildrenMs(pid))
}

function endedChildrenMs(pid: number): number {
  const fields = statFields(pid)
  return (Number(fields[13]) + Number(fields[14])) * millisecondsOfTick
}

/** Memory that a process has resident now, in MB. */
export function residentMb(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(read(pid, 'status'))?.[1]
  return (Number(kilobytes) * 1024) / 1e6
}

/** The fields after the name, which may hold anything: `utime`, `stime`, `cutime`, `cstime` are 11 to 14 of these. */
function statFields(pid: number): readonly string[] {
  return read(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
}

function read(pid: number, name: string): string {
  if (process.platform !== 'linux') return ''
  return readFileSync(`/proc/${pid}/${name}`, 'utf8')
}
