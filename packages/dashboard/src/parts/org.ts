import { atLeast } from '@norrix/contract/access.policy'
import type { Org } from '@norrix/contract/types'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { orgReading, whoamiReading, type Whoami } from '../api/queries.ts'

const lastOrgKey = 'norrix-last-org'

/** Who is signed in. The frame around every page waits for it, so that no page has to. */
export function useWhoami(): Whoami {
  return useSuspenseQuery(whoamiReading()).data
}

/** The id of the organization in the address. */
export function useOrgId(): string {
  const { org } = useParams({ strict: false })
  if (org === undefined) throw new Error('This page is not within an organization.')
  return org
}

/** The organization in the address, when it is known already. */
export function useOrg(): Org | undefined {
  return useQuery(orgReading(useOrgId())).data
}

/** Whether the person may do what takes an admin here. False until it is known. */
export function useIsAdmin(): boolean {
  const role = useOrg()?.role
  return role !== undefined && role !== null && atLeast(role, 'admin')
}

/** Remembers where to start next time, for this browser and this origin. */
export function rememberOrg(orgId: string): void {
  try {
    localStorage.setItem(lastOrgKey, orgId)
  } catch {
    // A browser that keeps nothing: `/` then starts in the first organization.
  }
}

/** Where to start: the organization used last if it is still one of them, else the first. */
export function startingOrg(orgs: readonly Org[]): Org | undefined {
  return orgs.find(({ id }) => id === readLastOrg()) ?? orgs[0]
}

function readLastOrg(): string | null {
  try {
    return localStorage.getItem(lastOrgKey)
  } catch {
    return null
  }
}
