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
