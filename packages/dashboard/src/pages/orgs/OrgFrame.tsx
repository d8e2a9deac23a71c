import { Link, Outlet, useMatchRoute } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import { useLayoutEffect, type ReactNode } from 'react'
import { orgReading } from '../../api/queries.ts'
import { Frame } from '../../parts/Frame.tsx'
import { rememberOrg, useOrgId } from '../../parts/org.ts'
import { Reading } from '../../parts/Reading.tsx'
import { activeNavLink, navLinkClass, SideNav } from '../../parts/SideNav.tsx'
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
    <SideNav label="Organization">
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
    </SideNav>
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
      className={navLinkClass}
      activeProps={activeNavLink}
    >
      {names[to]}
    </Link>
  )
}
