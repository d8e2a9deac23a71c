import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import type { HomePaths } from './folder.ts'
import { aloneIfPossible } from './lock.ts'
import { defaultProfile } from './names.ts'
import { isObject, readJsonFile, writeJsonFile, type Notice } from './json-file.ts'

/** What `~/.norrix/config.json` holds: choices, never secrets. */
export interface Settings {
  readonly environments: Readonly<Record<string, KnownEnvironment>>
  /** Where the key of the sessions was put; absent until there was one. */
  readonly storage?: KeyStorage | undefined
}

export const keyStorages = ['keyring', 'file'] as const
export type KeyStorage = (typeof keyStorages)[number]

export interface KnownEnvironment {
  /** The origin that the user trusts; credentials of this environment go nowhere else. */
  readonly url: string
  readonly kind: EnvironmentKind
  /** `user`: named in a sign-in. `sibling`: named by the server of the other kind that the user named (ruling 13). */
  readonly from: 'user' | 'sibling'
  /** The default organization of each account that has signed in here, under `orgChoice`. */
  readonly orgs: Readonly<Record<string, ChosenOrg>>
}

export interface ChosenOrg {
  readonly id: string
  /** ISO 8601. */
  readonly chosenAt: string
}

/** The name of a default organization: the account's id, with the profile before it where it is not the default one. */
export function orgChoice(profile: string, accountId: string): string {
  return profile === defaultProfile ? accountId : `${profile}/${accountId}`
}

export interface SettingsFile {
  read(): Promise<Settings>
  /** Reads, changes and writes; what another command wrote in between is kept. */
  change(change: (settings: Settings) => Settings): Promise<void>
}

const version = 1
const empty: Settings = { environments: {} }

export function settingsFile(paths: HomePaths, notice: Notice, now: () => Date): SettingsFile {
  const read = async (): Promise<Settings> => {
    if (!paths.isKnown) return empty
    const found = await readJsonFile(
      { version, read: readSettings },
      {
        path: paths.settings,
        notice,
        now,
        recovery: 'norrix sign-in with the address of your server sets it up again',
      },
    )
    return found ?? empty
  }
  return {
    read,
    change: async (change) =>
      aloneIfPossible(`${paths.settings}.lock`, async () =>
        writeJsonFile(paths.settings, version, change(await read())),
      ),
  }
}

/** Puts in or changes one environment. */
export function withEnvironment(
  settings: Settings,
  name: string,
  known: KnownEnvironment,
): Settings {
  return { ...settings, environments: { ...settings.environments, [name]: known } }
}

/** Takes one environment out. */
export function withoutEnvironment(settings: Settings, name: string): Settings {
  const { [name]: _, ...environments } = settings.environments
  return { ...settings, environments }
}

function readSettings(value: Readonly<Record<string, unknown>>): Settings | undefined {
  if (!isObject(value['environments'])) return undefined
  const storage = keyStorages.find((one) => one === value['storage'])
  if (value['storage'] !== undefined && storage === undefined) return undefined
  const entries = Object.entries(value['environments']).map(
    ([name, known]) => [name, readEnvironment(known)] as const,
  )
  const environments: Record<string, KnownEnvironment> = {}
  for (const [name, known] of entries) {
    if (!known) return undefined
    environments[name] = known
  }
  return storage === undefined ? { environments } : { environments, storage }
}

function readEnvironment(value: unknown): KnownEnvironment | undefined {
  if (!isObject(value)) return undefined
  const { url, kind, from, orgs } = value
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  if ((kind !== 'prod' && kind !== 'dev') || !isObject(orgs)) return undefined
  const chosen: Record<string, ChosenOrg> = {}
  for (const [account, org] of Object.entries(orgs)) {
    if (!isObject(org) || typeof org['id'] !== 'string' || typeof org['chosenAt'] !== 'string') {
      return undefined
    }
    chosen[account] = { id: org['id'], chosenAt: org['chosenAt'] }
  }
  return { url, kind, from: from === 'sibling' ? 'sibling' : 'user', orgs: chosen }
}
