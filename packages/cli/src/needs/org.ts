import type { Client } from '@norrix/contract/client'
import { Fault } from '@norrix/contract/fault'
import { orgs as operations } from '@norrix/contract/orgs.operations'
import type { Org } from '@norrix/contract/types'
import { orgChoice } from '../home/settings.ts'
import { ShownFault } from '../io/fault-text.ts'
import { dateText } from '../io/words.ts'
import type { Credential } from './credential.ts'
import type { Environment } from './environment.ts'
import { textOption } from './call.ts'
import type { Basics } from './basics.ts'

/** The organization a command acts in, and why this one. */
export interface OrgInUse {
  readonly org: Org
  readonly because: OrgReason
}

export type OrgReason =
  | { readonly kind: 'flag' | 'only' | 'key' | 'asked' }
  | { readonly kind: 'selected'; readonly at: Date }

/** The reason in a few words, for a column. */
export function reasonText(because: OrgReason, now: Date): string {
  switch (because.kind) {
    case 'flag':
      return '--org'
    case 'only':
      return 'your only one'
    case 'key':
      return "the key's own"
    case 'asked':
      return 'chosen just now'
    case 'selected':
      return `orgs select, ${dateText(because.at, now)}`
  }
}

/** An organization as a line shows it. */
export function orgText(org: Pick<Org, 'name' | 'id' | 'role'>): string {
  const named = `${org.name} (${org.id})`
  return org.role === null ? named : `${named}, ${org.role}`
}

export interface OrgQuestion {
  /** The caller's organizations where they are known already. */
  readonly orgs?: readonly Org[]
  readonly api: Client
  readonly credential: Credential
  readonly environment: Environment
  readonly basics: Basics
}

/**
 * One resolver for all commands (product ruling 7): the flag, the key's own, the chosen default, the only one; else the
 * person at the terminal is asked, and where there is none the command is refused.
 *
 * @throws Fault org_required, not_found, org_mismatch, usage
 */
export async function resolveOrg(question: OrgQuestion): Promise<OrgInUse> {
  const found = await findOrg(question)
  if (found.kind === 'one') return found.inUse
  const { environment, basics } = question
  if (found.orgs.length === 0) throw noOrg(environment, question.api.baseUrl)
  if (!basics.io.isInteractive) throw orgRequired(found.orgs, environment)
  const { chooseOne } = await import('../io/prompt.ts')
  const org = await chooseOne({
    message: 'Which organization?',
    choices: found.orgs.map((one) => ({ value: one, label: orgText(one) })),
    basics,
  })
  basics.io.talk.line(`To keep it as the default: norrix orgs select ${org.id}${environment.flag}`)
  return { org, because: { kind: 'asked' } }
}

export type FoundOrg =
  | { readonly kind: 'one'; readonly inUse: OrgInUse }
  | { readonly kind: 'open'; readonly orgs: readonly Org[] }

/** The same without asking anybody: `open` when nothing says which. */
export async function findOrg(question: OrgQuestion): Promise<FoundOrg> {
  const { api, credential, environment, basics } = question
  const flag = textOption(basics.call, 'org')
  if (flag !== undefined) {
    const org = await api.call(operations.show, { params: { orgId: checkOrgId(flag) } })
    return { kind: 'one', inUse: { org, because: { kind: 'flag' } } }
  }
  const orgs = question.orgs ?? (await listOrgs(api))
  const [first, second] = orgs
  if (credential.kind === 'key') {
    if (!first) throw noOrg(environment, api.baseUrl)
    return { kind: 'one', inUse: { org: first, because: { kind: 'key' } } }
  }
  const chosen =
    environment.known?.orgs[orgChoice(basics.profile.name, credential.record.account.id)]
  const org = orgs.find(({ id }) => id === chosen?.id)
  if (chosen && org) {
    return {
      kind: 'one',
      inUse: { org, because: { kind: 'selected', at: new Date(chosen.chosenAt) } },
    }
  }
  if (chosen) {
    basics.io.talk.marked(
      'warning',
      `Your default organization ${chosen.id} is not yours any more.`,
    )
  }
  if (first && !second) return { kind: 'one', inUse: { org: first, because: { kind: 'only' } } }
  return { kind: 'open', orgs }
}

/** All of the caller's organizations, page by page. */
export async function listOrgs(api: Client): Promise<Org[]> {
  const all: Org[] = []
  let cursor: string | undefined
  do {
    const page = await api.call(operations.list, {
      query: { limit: 100, ...(cursor && { cursor }) },
    })
    all.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return all
}

/** @throws Fault usage */
export function checkOrgId(text: string): string {
  if (/^org_[0-9A-Za-z]{1,40}$/.test(text)) return text
  throw new Fault('usage', {
    message: `This is not an organization's id: ${text.slice(0, 60)}`,
    fix: 'ids look like org_8fK2mQ; norrix orgs list shows yours',
  })
}

export function orgRequired(orgs: readonly Org[], environment: Environment): Fault {
  const example = orgs[0]?.id ?? 'org_…'
  return new ShownFault('org_required', {
    message: `You belong to ${orgs.length} organizations on ${environment.name}, and none is chosen.`,
    fix: `add --org ${example}, or choose a default: norrix orgs select ${example}${environment.flag}`,
    details: { orgs: orgs.map(({ id, name }) => ({ id, name })) },
    evidence: [{ label: 'orgs', text: orgs.slice(0, 10).map(orgText).join('\n') }],
  })
}

function noOrg(environment: Environment, origin: string): Fault {
  return new Fault('org_required', {
    message: `You belong to no organization on ${environment.name}.`,
    fix: `ask for an invitation, or make one at ${origin}`,
  })
}
