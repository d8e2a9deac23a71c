import type { SettingsFile } from '../home/settings.ts'
import { finishSignOuts } from '../sign-out/finish.ts'
import { apiFor } from './api.ts'
import { hasKey, resolveCredential } from './credential.ts'
import { resolveEnvironment } from './environment.ts'
import { explain } from './explain.ts'
import type { Basics } from './basics.ts'
import { explainMisfit } from './misfit.ts'
import type { Given, Need, NeedTable } from './given.ts'
import { resolveOrg } from './org.ts'

/** Finds what a command needs, each once, and what each of those needs in turn. */
export interface Resolver {
  give<N extends Need>(needs: readonly N[]): Promise<Given<N>>
  /** A fault with what is known here about the credential that met it. */
  explain(error: unknown): unknown
  /** Resolves when what goes on beside the command is done, or has had its time. Never throws. */
  settle(): Promise<unknown>
}

export function createResolver(basics: Basics): Resolver {
  let beside: Promise<unknown> = Promise.resolve()
  const found: { -readonly [N in Need]?: NeedTable[N] } = {}
  const find: { readonly [N in Need]: () => Promise<NeedTable[N]> } = {
    async environment() {
      const environment = await resolveEnvironment(basics.call, basics.around, settingsFor(basics))
      // What is not the default is named first (product ruling 13).
      if (environment.flag !== '') {
        const { name, flag } = basics.profile
        const parts = [environment.name, ...(flag === '' ? [] : [`profile ${name}`])]
        basics.io.talk.line([...parts, environment.server?.origin ?? 'no server yet'].join(' · '))
      }
      return environment
    },
    credential: async () =>
      resolveCredential(await get('environment'), basics.around, basics.sessions, basics.io),
    api: async () => apiFor(await get('environment'), await get('credential'), basics),
    org: async () =>
      resolveOrg({
        api: await get('api'),
        credential: await get('credential'),
        environment: await get('environment'),
        basics,
      }),
    async project() {
      const { readProject } = await import('../project/project.ts')
      return readProject(basics.around)
    },
  }
  const get = async <N extends Need>(need: N): Promise<NeedTable[N]> => {
    const known = found[need]
    // `found` holds under each name what `find` made under it; the mapped type cannot say so.
    if (known !== undefined) return known as NeedTable[N]
    const made = await find[need]()
    found[need] = made
    return made
  }
  return {
    async give(needs) {
      const given: Record<string, unknown> = { ...basics }
      for (const need of needs) {
        given[need] = await get(need)
        // Whoever is about to ask this server tells it what it could not be told before (product ruling 18).
        if (need === 'environment' && asksAsPerson(needs, basics)) {
          const place = {
            environment: (await get('environment')).name,
            profile: basics.profile.name,
          }
          beside = finishSignOuts(place, basics)
        }
      }
      return given as unknown as Given<(typeof needs)[number]> // each of `needs` was just put in
    },
    settle: () => beside,
    explain(error) {
      const { environment, credential } = found
      const issuer = credential?.kind === 'session' ? credential.record.issuer : undefined
      const origin = environment?.server?.origin ?? (issuer && new URL(issuer).origin)
      const known = explain(error, found, basics.around.now())
      return explainMisfit(known, origin, basics.around)
    },
  }
}

/** A pipeline with a key has no session to end, and its command reads nothing of one (auth B7). */
function asksAsPerson(needs: readonly Need[], { around }: Basics): boolean {
  return needs.includes('api') && !hasKey(around.env)
}

/** A pipeline with a key and an address needs nothing of this machine: its settings are not even read (auth B7). */
function settingsFor({ around, settings }: Basics): Pick<SettingsFile, 'read'> {
  const isSaidWhole = hasKey(around.env) && Boolean(around.env['NORRIX_API_URL']?.trim())
  return isSaidWhole ? { read: async () => ({ environments: {} }) } : settings
}
