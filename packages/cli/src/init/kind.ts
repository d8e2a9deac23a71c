import type { Platform } from '@norrix/contract/builds.policy'
import type { PlatformConfig } from '../define-config.ts'
import type { Folder } from './folder.ts'

/** What a folder looks like, and how a project of its kind is built. */
export interface Detected {
  /** As people call it, such as `NativeScript`; undefined where the folder is like none that is known. */
  readonly kind: string | undefined
  readonly name: string
  readonly version: string
  readonly buildNumber: number
  readonly platforms: Partial<Record<Platform, PlatformConfig>>
}

/** Of one kind, what it found; undefined where the folder is not of the kind. */
export type Kind = (seen: Seen) => Promise<KindFound | undefined>

export interface KindFound extends Pick<Detected, 'platforms'> {
  readonly kind: string
  readonly name?: string | undefined
  readonly version?: string | undefined
  readonly buildNumber?: number | undefined
}

export interface Seen {
  readonly folder: Folder
  readonly names: readonly string[]
  readonly manifest: Readonly<Record<string, unknown>>
  /** All that package.json depends on. */
  readonly packages: ReadonlySet<string>
  /** The line that installs what package.json names; undefined without one. */
  readonly install: string | undefined
}
