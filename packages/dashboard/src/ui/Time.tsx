import { useSyncExternalStore, type ReactNode } from 'react'

/** A moment as people say it, with the exact one on hover and for machines. */
export function Time({ at }: { readonly at: string }): ReactNode {
  const now = useNow()
  return (
    <time dateTime={at} title={exactTime(at)} className="whitespace-nowrap">
      {relativeTime(Date.parse(at), now)}
    </time>
  )
}

/** A moment in the viewer's zone and in UTC. */
export function exactTime(at: string): string {
  const date = new Date(at)
  const local = date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'long' })
  return `${local} (${utcTime(date)})`
}

/** A moment in UTC, to the second: `2026-12-24 22:59:59 UTC`. */
export function utcTime(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const units = [
  { unit: 'year', ms: 31_557_600_000 },
  { unit: 'month', ms: 2_629_800_000 },
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
] as const

/** `2 minutes ago`, `in 3 days`. Less than a minute either way, and a clock that is a little off, is `just now`. */
export function relativeTime(at: number, now: number): string {
  const distance = at - now
  const found = units.find(({ ms }) => Math.abs(distance) >= ms)
  if (!found) return 'just now'
  const count = Math.trunc(distance / found.ms)
  return new Intl.RelativeTimeFormat('en', { numeric: 'always' }).format(count, found.unit)
}

/** A span as `12 s`, `3 min 04 s`, `1 h 02 min`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const pad = (count: number): string => String(count).padStart(2, '0')
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.trunc(seconds / 60)} min ${pad(seconds % 60)} s`
  return `${Math.trunc(seconds / 3600)} h ${pad(Math.trunc((seconds % 3600) / 60))} min`
}

/** How long something has taken, going on while it has not ended. */
export function Span({
  from,
  to,
}: {
  readonly from: string
  readonly to: string | null
}): ReactNode {
  const now = useNow()
  const end = to === null ? now : Date.parse(to)
  return (
    <span className="whitespace-nowrap tabular-nums">{formatSpan(end - Date.parse(from))}</span>
  )
}

// One clock for the whole page, ticking only while something shows it.
const listeners = new Set<() => void>()
let current = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  current = Date.now()
  timer ??= setInterval(tick, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

function tick(): void {
  current = Date.now()
  for (const listener of listeners) listener()
}

function useNow(): number {
  return useSyncExternalStore(subscribe, () => current)
}
