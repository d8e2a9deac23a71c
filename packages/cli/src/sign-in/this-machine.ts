import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { cleanLine } from '../io/clean.ts'
import type { Surroundings } from '../io/terminal.ts'
import type { ThisDevice } from './authorize.ts'
import type { Place } from './way.ts'

/** Files that Docker and Podman put into every container. */
const containerFiles = ['/.dockerenv', '/run/.containerenv']

export function placeOf({ env, platform }: Pick<Surroundings, 'env' | 'platform'>): Place {
  return { env, platform, isContainer: containerFiles.some((path) => existsSync(path)) }
}

/** As people know the machine; what is no name there is left out. */
export function thisDevice({ platform }: Pick<Surroundings, 'platform'>): ThisDevice {
  const plain = hostname().replace(/\.(?:local|lan|home|localdomain)$/i, '')
  return { name: cleanLine(plain).slice(0, 64) || 'this machine', system: systems[platform] }
}

const systems: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'Linux',
  darwin: 'macOS',
  win32: 'Windows',
}
