import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { paths, signOutPath } from '../paths.ts'
import { later } from '../ui/later.tsx'
import { Menu, MenuItem, menuItemClass, MenuLine } from '../ui/Menu.tsx'
import { Mark } from './Mark.tsx'
import { OrgSwitcher } from './OrgSwitcher.tsx'
import { useWhoami } from './org.ts'

const NewOrgDialog = later(async () => (await import('./NewOrgDialog.tsx')).NewOrgDialog)

/** Organization, environment and account: on every page. */
export function TopBar({ orgId }: { readonly orgId: string | undefined }): ReactNode {
  const [makesOrg, setMakesOrg] = useState(false)
  return (
    <header className="sticky top-0 z-20 border-b border-border bg-surface">
      <div className="mx-auto flex h-14 max-w-7xl items-center gap-1 px-3 sm:gap-2 sm:px-5">
        <Link to={paths.home} aria-label="norrix home" className="mr-1 rounded-md">
          <Mark />
        </Link>
        <OrgSwitcher orgId={orgId} onNew={() => setMakesOrg(true)} />
        <EnvironmentPill />
        <span className="flex-1" />
        <AccountMenu />
      </div>
      {makesOrg && <NewOrgDialog onClose={() => setMakesOrg(false)} />}
    </header>
  )
}

/** Quiet for prod; what is not prod cannot be overlooked. */
function EnvironmentPill(): ReactNode {
  const { kind, url } = useWhoami().environment
  const look =
    kind === 'prod'
      ? 'text-muted'
      : 'rounded-full bg-warning-soft px-2.5 py-0.5 font-semibold text-warning ring-1 ring-warning'
  return (
    <span title={url} className={`shrink-0 text-[13px] ${look}`}>
      <span className="sr-only">Environment: </span>
      {kind}
    </span>
  )
}

function AccountMenu(): ReactNode {
  const { user } = useWhoami()
  const name = user?.name ?? user?.email ?? 'Account'
  return (
    <Menu
      label={`Account: ${name}`}
      align="end"
      trigger={
        <>
          <span
            aria-hidden="true"
            className="grid size-6 shrink-0 place-items-center rounded-full bg-accent text-xs font-semibold text-on-accent"
          >
            {name.slice(0, 1).toUpperCase()}
          </span>
          <span className="max-w-40 truncate max-md:hidden">{name}</span>
        </>
      }
    >
      {(close) => (
        <>
          <div className="px-2.5 py-1 text-xs text-muted">
            Signed in as <span className="font-medium text-text">{user?.email}</span>
          </div>
          <MenuLine />
          <Link
            to={paths.account}
            role="menuitem"
            tabIndex={-1}
            className={menuItemClass}
            onClick={close}
          >
            Profile
          </Link>
          <Link
            to={paths.sessions}
            role="menuitem"
            tabIndex={-1}
            className={menuItemClass}
            onClick={close}
          >
            Sessions
          </Link>
          <MenuItem onClick={signOut}>Sign out</MenuItem>
        </>
      )}
    </Menu>
  )
}

/** Posts a real form, so that the browser follows the server to wherever signing out ends. */
function signOut(): void {
  const form = document.createElement('form')
  form.method = 'post'
  form.action = signOutPath
  document.body.append(form)
  form.submit()
}
