import { Link, Outlet } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Frame } from '../../parts/Frame.tsx'
import { activeNavLink, navLinkClass, SideNav } from '../../parts/SideNav.tsx'
import { paths } from '../../paths.ts'

/** What is one's own, whatever the organization. */
export function AccountFrame(): ReactNode {
  return (
    <Frame nav={<AccountNav />}>
      <Outlet />
    </Frame>
  )
}

const entries = [
  { to: paths.account, name: 'Profile' },
  { to: paths.sessions, name: 'Sessions' },
] as const

function AccountNav(): ReactNode {
  return (
    <SideNav label="Account">
      {entries.map(({ to, name }) => (
        <li key={to}>
          <Link
            to={to}
            activeOptions={{ exact: true }}
            className={navLinkClass}
            activeProps={activeNavLink}
          >
            {name}
          </Link>
        </li>
      ))}
    </SideNav>
  )
}
