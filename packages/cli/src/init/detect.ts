import { basename } from 'node:path'
import type { Platform } from '@norrix/contract/builds.policy'
import type { PlatformConfig } from '../define-config.ts'
import { isObject } from '../home/json-file.ts'
import { folderAt, plainly, type Folder } from './folder.ts'
import { capacitor, flutter, gradle, nativescript, reactNative, xcode } from './kinds.ts'

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

/** The more special first: a NativeScript project may hold a Gradle one. */
const kinds: readonly Kind[] = [nativescript, capacitor, reactNative, flutter, gradle, xcode]

/** Reads what is plainly there; nothing of the project is run. */
export async function detect(path: string): Promise<Detected> {
  const seen = await look(folderAt(path))
  let found: KindFound | undefined
  for (const kind of kinds) found ??= await kind(seen)
  const { name, version } = seen.manifest
  return {
    kind: found?.kind,
    name: found?.name ?? plainName(name) ?? basename(path),
    version: found?.version ?? (typeof version === 'string' && version !== '' ? version : '1.0.0'),
    buildNumber: found?.buildNumber ?? 1,
    platforms: found?.platforms ?? {},
  }
}

async function look(folder: Folder): Promise<Seen> {
  const names = await folder.names()
  const manifest = await folder.json('package.json')
  const { dependencies, devDependencies } = manifest
  const packages = [dependencies, devDependencies].flatMap((list) =>
    isObject(list) ? Object.keys(list) : [],
  )
  return { folder, names, manifest, packages: new Set(packages), install: installOf(names) }
}

function installOf(names: readonly string[]): string | undefined {
  if (!names.includes('package.json')) return undefined
  if (names.includes('pnpm-lock.yaml')) return 'pnpm install --frozen-lockfile'
  if (names.includes('yarn.lock')) return 'yarn install --frozen-lockfile'
  return names.includes('package-lock.json') ? 'npm ci' : 'npm install'
}

/** A package's name without its scope. */
function plainName(name: unknown): string | undefined {
  return typeof name === 'string' ? plainly(name, /^(?:@[^/]+\/)?(.+)$/) : undefined
}
