import { Fault } from '@norrix/contract/fault'
import type { Org } from '@norrix/contract/types'
import { command } from '../../command.ts'
import { orgChoice, withEnvironment } from '../../home/settings.ts'
import type { Environment } from '../../needs/environment.ts'
import type { Basics } from '../../needs/basics.ts'
import { textOption, type Call } from '../../needs/call.ts'
import { listOrgs, orgRequired, orgText } from '../../needs/org.ts'

/** Sets the default for this environment and this user; a key has one organization and nothing to choose. */
export const orgsSelect = command(
  ['environment', 'credential', 'api'],
  async ({ environment, credential, api, ...basics }) => {
    if (credential.kind === 'key') throw keyHasOne()
    const { settings, around, io, call, profile } = basics
    const orgs = await listOrgs(api)
    const org = await choose(orgs, orgNamed(call), environment, basics)
    const choice = orgChoice(profile.name, credential.record.account.id)
    const chosen = { id: org.id, chosenAt: around.now().toISOString() }
    await settings.change((now) => {
      const known = now.environments[environment.name] ?? {
        url: api.baseUrl,
        kind: environment.kind ?? 'prod',
        from: 'user' as const,
        orgs: {},
      }
      return withEnvironment(now, environment.name, {
        ...known,
        orgs: { ...known.orgs, [choice]: chosen },
      })
    })
    io.document({ organization: org, environment: environment.name })
    io.result.marked('done', `${orgText(org)} is your default for ${environment.name}.`)
  },
)

/** `--org` is on every command; here it says what the word says. */
function orgNamed(call: Call): string | undefined {
  const [word] = call.words
  const flag = textOption(call, 'org')
  if (word !== undefined && flag !== undefined && word !== flag) {
    throw new Fault('usage', { message: 'Two organizations were given.', fix: 'give one' })
  }
  return word ?? flag
}

async function choose(
  orgs: readonly Org[],
  word: string | undefined,
  environment: Environment,
  basics: Basics,
): Promise<Org> {
  if (word !== undefined) return named(orgs, word)
  if (orgs.length === 0 || !basics.io.isInteractive) throw orgRequired(orgs, environment)
  const { chooseOne } = await import('../../io/prompt.ts')
  return chooseOne({
    message: `Your default organization for ${environment.name}?`,
    choices: orgs.map((org) => ({ value: org, label: orgText(org) })),
    basics,
  })
}

/** By id, or by a name that only one of them has. */
function named(orgs: readonly Org[], word: string): Org {
  const byId = orgs.find(({ id }) => id === word)
  const byName = orgs.filter(({ name }) => name.toLowerCase() === word.toLowerCase())
  const [one, other] = byName
  if (byId) return byId
  if (one && !other) return one
  throw new Fault('not_found', {
    message: other
      ? `Several of your organizations are called ${word}.`
      : `None of your organizations is ${word}.`,
    fix: 'norrix orgs list shows their ids',
  })
}

function keyHasOne(): Fault {
  return new Fault('usage', {
    message: 'NORRIX_API_KEY is set, and a key has one organization: there is nothing to select.',
    fix: 'unset NORRIX_API_KEY to choose the default of your session',
  })
}
