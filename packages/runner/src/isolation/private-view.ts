import { existsSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { IsolationError } from './isolation.ts'
import type { CommandOptions } from './isolation.ts'

/** One step of making the private view; steps are in an order in which each may cover an earlier one. */
export type ViewStep =
  | {
      readonly kind: 'cover'
      readonly path: string
      readonly isFile: boolean
      readonly writable: boolean
    }
  | {
      readonly kind: 'keep'
      readonly path: string
      readonly isFile: boolean
      readonly writable: boolean
    }

/** Covered for every build, whatever the caller hides: sockets of session buses and of containers, and all homes. */
const alwaysHidden = ['/run', '/var/run', '/home', '/root']

/** Covered too, with an empty folder in memory that the build may write to; TMPDIR is on disk. */
const alwaysFresh = ['/tmp', '/var/tmp']

/**
 * Decides what a build sees: covers over the hidden places, and the workspace and the readable paths laid
 * back over them. Sorted by path, so that what lies deeper comes later and wins. The folder that holds
 * the workspace is hidden too, for the other workspaces are in it. With `reach: 'everybody'` (the build
 * has another user id) a folder that only its owner may enter is covered where it bars the way to a kept path.
 * Throws an `IsolationError` where a path is both hidden and kept.
 */
export function planView(
  options: CommandOptions,
  reach: 'everybody' | 'owner',
): readonly ViewStep[] {
  const kept = new Set(
    [...namesFile(), ...options.readable].filter(existsSync).map((item) => realpathSync(item)),
  )
  const hidden = new Set(
    [...alwaysHidden, ...alwaysFresh, path.dirname(options.workspace), ...options.hidden]
      .filter(existsSync)
      .map((item) => realpathSync(item)),
  )
  if (reach === 'everybody')
    for (const bar of barredFolders([...kept, options.workspace])) hidden.add(bar)
  refuseClashes(hidden, kept, options.workspace)
  return [
    ...[...hidden].map((at) => ({
      kind: 'cover' as const,
      path: at,
      isFile: isFile(at),
      writable: alwaysFresh.includes(at),
    })),
    ...[...kept].map((at) => ({
      kind: 'keep' as const,
      path: at,
      isFile: isFile(at),
      writable: false,
    })),
    { kind: 'keep' as const, path: options.workspace, isFile: false, writable: true },
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** Where systemd-resolved runs, the file that says whom to ask for names lies in /run. */
function namesFile(): readonly string[] {
  const at = '/etc/resolv.conf'
  return existsSync(at) && isWithin(realpathSync(at), '/run') ? [at] : []
}

/** For each path the outermost folder above it that others may not enter, if there is one. */
function barredFolders(paths: readonly string[]): readonly string[] {
  return paths.flatMap((at) => ancestors(at).find((folder) => !mayBeEntered(folder)) ?? [])
}

function ancestors(at: string): readonly string[] {
  const parent = path.dirname(at)
  return parent === at ? [] : [...ancestors(parent), parent]
}

function mayBeEntered(folder: string): boolean {
  return (statSync(folder).mode & 0o001) !== 0
}

function refuseClashes(hidden: Set<string>, kept: Set<string>, workspace: string): void {
  const clash = [...hidden].find((at) => kept.has(at) || isWithin(at, workspace) || at === '/')
  if (clash === undefined) return
  throw new IsolationError(
    `${clash} would be both hidden from the build and needed by it. Keep builds and tools apart from what they must not read.`,
  )
}

/** Whether `at` is `folder` or lies in it; both absolute. */
export function isWithin(at: string, folder: string): boolean {
  const way = path.relative(folder, at)
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way))
}

function isFile(at: string): boolean {
  return !statSync(at).isDirectory()
}
