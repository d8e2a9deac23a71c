import { posix, win32 } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import type { Surroundings } from '../io/terminal.ts'

/** Where settings and sessions lie (product ruling 17): settings may be copied about, the folders of environments may not. */
export interface HomePaths {
  readonly folder: string
  readonly settings: string
  /** The session of one environment. */
  session(environment: string): string
}

/**
 * `NORRIX_HOME`, else `.norrix` in the user's own folder: `~/.norrix`, on Windows `%USERPROFILE%\.norrix`. Nothing is made
 * or read yet.
 *
 * @param around.platform decides how paths are written; as POSIX has it when absent
 * @throws Fault home_unwritable when the user's folder is not known
 */
export function homePaths(
  around: Pick<Surroundings, 'env' | 'homeDir' | 'cwd'> & Partial<Pick<Surroundings, 'platform'>>,
): HomePaths {
  const { isAbsolute, join, resolve } = around.platform === 'win32' ? win32 : posix
  const chosen = around.env['NORRIX_HOME']?.trim()
  if (!chosen && !isAbsolute(around.homeDir)) {
    throw new Fault('home_unwritable', {
      message: 'Your home folder is not known, so there is no place for sessions.',
      fix: 'set NORRIX_HOME to a folder of your own',
    })
  }
  const folder = chosen ? resolve(around.cwd, chosen) : join(around.homeDir, '.norrix')
  return {
    folder,
    settings: join(folder, 'config.json'),
    // The name was checked against `environmentName` before it came here: it cannot climb (threat T56).
    session: (environment) => join(folder, environment, 'session.json'),
  }
}
