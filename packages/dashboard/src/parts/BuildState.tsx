import type { Build } from '@norrix/contract/types'
import type { ReactNode } from 'react'
import { Badge, type Tone } from '../ui/Badge.tsx'

const tones: Readonly<Record<Build['state'], Tone>> = {
  queued: 'neutral',
  running: 'info',
  succeeded: 'success',
  failed: 'danger',
  cancelled: 'warning',
}

/** What a build is at, in one word. */
export function BuildState({ build }: { readonly build: Build }): ReactNode {
  const stopping = build.cancelRequested && (build.state === 'running' || build.state === 'queued')
  return (
    <Badge tone={stopping ? 'warning' : tones[build.state]}>
      {stopping ? 'cancelling' : build.state}
    </Badge>
  )
}

/** Who queued a build: a person, or a key that may be revoked since (ruling 2 lets its builds go on). */
export function QueuedBy({ build }: { readonly build: Build }): ReactNode {
  const { kind, name, keyRevoked } = build.queuedBy
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5">
      <span className="wrap-anywhere">{name}</span>
      {kind === 'key' && !keyRevoked && <Badge>key</Badge>}
      {keyRevoked && <Badge tone="warning">key revoked</Badge>}
    </span>
  )
}

/** `Hello Norrix 1.0 (12)`. */
export function buildTitle(build: Build): string {
  return `${build.project.name} ${build.project.version} (${build.project.buildNumber})`
}

/** A size as people read it: `8.3 kB`, `41 MB`. Decimal, as shops and shells show it. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.trunc(Math.log10(bytes) / 3))
  const count = bytes / 1000 ** step
  return `${step > 0 && count < 10 ? count.toFixed(1) : Math.round(count)} ${units[step] ?? 'B'}`
}
