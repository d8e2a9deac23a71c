import { Link, Outlet, useMatchRoute } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useLayoutEffect, type ReactNode } from 'react'
import { orgReading } from '../../api/queries.ts'
import { Frame } from '../../parts/Frame.tsx'
import { rememberOrg, useOrgId } from '../../parts/org.ts'
import { Reading } from '../../parts/Reading.tsx'
import { paths } from '../../paths.ts'

/** Everything within one organization. Another's is "not found", like one that does not exist (ruling 10). */
export function OrgFrame(): ReactNode {
  const orgId = useOrgId()
  const org = useQuery(orgReading(orgId))
  const isMine = org.data !== undefined
  useLayoutEffect(() => {
    if (isMine) rememberOrg(orgId)
  }, [isMine, orgId])
  return (
    <Frame orgId={orgId} nav={isMine && <OrgNav orgId={orgId} />}>
      <Reading result={org} heading="h1">
        {() => <Outlet />}
      </Reading>
    </Frame>
  )
}

function OrgNav({ orgId }: { readonly orgId: string }): ReactNode {
  const inSettings = useMatchRoute()({ to: paths.settings, params: { org: orgId }, fuzzy: true })
  const params = { org: orgId }
  return (
    <nav
      aria-label="Organization"
      className="-mx-3 overflow-x-auto border-b border-border px-3 sm:-mx-5 sm:px-5 lg:mx-0 lg:w-40 lg:shrink-0 lg:overflow-visible lg:border-0 lg:px-0 lg:py-6"
    >
      <ul className="flex gap-1 lg:sticky lg:top-20 lg:flex-col">
        <li>
          <NavLink to={paths.builds} params={params} />
        </li>
        <li>
          <NavLink to={paths.runners} params={params} />
        </li>
        <li className="max-lg:contents">
          <NavLink to={paths.settings} params={params} />
          {inSettings !== false && (
            <ul className="flex lg:mt-1 lg:ml-3 lg:flex-col lg:border-l lg:border-border lg:pl-2">
              <li>
                <NavLink to={paths.apiKeys} params={params} />
              </li>
            </ul>
          )}
        </li>
      </ul>
    </nav>
  )
}

const names = {
  [paths.builds]: 'Builds',
  [paths.runners]: 'Runners',
  [paths.settings]: 'Settings',
  [paths.apiKeys]: 'API Keys',
} as const

function NavLink({
  to,
  params,
}: {
  readonly to: keyof typeof names
  readonly params: { readonly org: string }
}): ReactNode {
  return (
    <Link
      to={to}
      params={params}
      // Settings is where one is, and API Keys is what one sees.
      activeOptions={{ exact: to === paths.settings }}
      className="flex min-h-10 items-center border-b-2 border-transparent px-3 text-sm whitespace-nowrap text-muted -outline-offset-2 hover:text-text lg:min-h-9 lg:rounded-md lg:border-0"
      activeProps={{
        className: 'font-medium !text-text border-accent! lg:bg-accent-soft',
      }}
    >
      {names[to]}
    </Link>
  )
}
