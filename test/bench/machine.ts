import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { figure } from './section.ts'

/** Says when, on what and beside what else figures were taken. Call it before the first of them. */
export function circumstances(now: Date): string {
  const model = cpus()[0]?.model.trim().replaceAll(/\s+/g, ' ') ?? 'unknown processor'
  const memory = figure(totalmem() / 1024 ** 3)
  const [minute = Number.NaN] = loadavg()
  return (
    `Taken on ${now.toISOString().slice(0, 10)}: ${model}, ${availableParallelism()} cores, ${memory} GiB, ` +
    `${type()} ${release().split('-')[0]}, Node ${process.versions.node}, load average before it ${figure(minute, 1)}.`
  )
}
