import { basename } from 'node:path'
import { isObject } from '../home/json-file.ts'
import { folderAt, plainly, type Folder } from './folder.ts'
import type { Detected, Kind, KindFound, Seen } from './kind.ts'
import { capacitor, flutter, gradle, nativescript, reactNative, xcode } from './kinds.ts'

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
