import { posix, win32 } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { Surroundings } from '../io/terminal.ts'
import { defaultProfile } from './names.ts'

/** Where settings, sessions and their key lie (product ruling 17). Asking for a path that cannot be known is a Fault home_unwritable. */
export interface HomePaths {
  /** False where neither NORRIX_HOME nor the user's own folder says where: there is nothing to read then. */
  readonly isKnown: boolean
  readonly folder: string
  readonly settings: string
  /** All that lies here of one environment. */
  environment(name: string): string
  /** The session of one environment. */
  session(environment: string): string
  /** The key of the sessions, where it lies in a file: outside `folder`, so that a copy of that opens nothing. */
  readonly key: string
}

type Around = Pick<Surroundings, 'env' | 'homeDir' | 'cwd'> &
  Partial<Pick<Surroundings, 'platform'>>

/**
 * `NORRIX_HOME`, else `.norrix` in the user's own folder: `~/.norrix`, on Windows `%USERPROFILE%\.norrix`. The key lies where
 * programs keep their state: `$XDG_STATE_HOME` (XDG Base Directory 0.8), on Windows `%LOCALAPPDATA%`. Nothing is made or
 * read yet.
 *
 * @param around.platform decides how paths are written; as POSIX has it when absent
 * @param profile whose sessions; those of the default one lie where they lay before there were profiles
 */
export function homePaths(around: Around, profile: string = defaultProfile): HomePaths {
  const { isAbsolute, join, resolve } = around.platform === 'win32' ? win32 : posix
  const chosen = around.env['NORRIX_HOME']?.trim()
  const isHomeKnown = isAbsolute(around.homeDir)
  const folder = (): string => {
    if (chosen) return resolve(around.cwd, chosen)
    if (!isHomeKnown) throw unknownHome('sessions', 'NORRIX_HOME')
    return join(around.homeDir, '.norrix')
  }
  return {
    isKnown: Boolean(chosen) || isHomeKnown,
    get folder() {
      return folder()
    },
    get settings() {
      return join(folder(), 'config.json')
    },
    // Both names were checked against `isName` before they came here: they cannot climb (threat T56).
    environment: (name) => join(folder(), name),
    session: (environment) =>
      join(folder(), environment, profile === defaultProfile ? '' : profile, 'session.json'),
    get key() {
      return join(stateFolder(around, { isAbsolute, join }), 'norrix', 'key')
    },
  }
}

function stateFolder(
  { env, homeDir, platform }: Around,
  { isAbsolute, join }: Pick<typeof posix, 'isAbsolute' | 'join'>,
): string {
  const name = platform === 'win32' ? 'LOCALAPPDATA' : 'XDG_STATE_HOME'
  const chosen = env[name]?.trim()
  // What is not absolute is to be ignored (XDG Base Directory 0.8).
  if (chosen && isAbsolute(chosen)) return chosen
  if (!isAbsolute(homeDir)) throw unknownHome('the key of your sessions', name)
  return platform === 'win32' ? join(homeDir, 'AppData', 'Local') : join(homeDir, '.local', 'state')
}

function unknownHome(what: string, variable: string): Fault {
  return new Fault('home_unwritable', {
    message: `Your home folder is not known, so there is no place for ${what}.`,
    fix: `set ${variable} to a folder of your own`,
  })
}
