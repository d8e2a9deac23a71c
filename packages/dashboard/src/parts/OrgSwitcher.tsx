import { useNavigate } from '@tanstack/react-router'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { orgReading } from '../api/queries.ts'
import { paths } from '../paths.ts'
import { Menu, MenuChoice, MenuItem, MenuLine } from '../ui/Menu.tsx'
import { useWhoami } from './org.ts'

/** The organization that one is in, and the way into others. */
export function OrgSwitcher({
  orgId,
  onNew,
}: {
  readonly orgId: string | undefined
  readonly onNew: () => void
}): ReactNode {
  const { orgs } = useWhoami()
  const navigate = useNavigate()
  // Whoami names at most 100; the one in the address may be beyond.
  const shown = useQuery({ ...orgReading(orgId ?? ''), enabled: orgId !== undefined }).data
  const listed = shown && !orgs.some(({ id }) => id === shown.id) ? [shown, ...orgs] : orgs
  const name = listed.find(({ id }) => id === orgId)?.name ?? 'Organizations'
  return (
    <Menu
      label={`Organization: ${name}`}
      align="start"
      trigger={<span className="max-w-28 truncate sm:max-w-56">{name}</span>}
    >
      {(close) => (
        <>
          {listed.length > 0 && (
            <>
              <MenuChoice
                title="Organizations"
                value={orgId}
                options={listed.map((org) => ({
                  value: org.id,
                  label: org.name,
                  ...(org.role && { note: org.role }),
                }))}
                onChange={(org) => {
                  close()
                  void navigate({ to: paths.builds, params: { org } })
                }}
              />
              <MenuLine />
            </>
          )}
          <MenuItem
            onClick={() => {
              close()
              onNew()
            }}
          >
            New organization
          </MenuItem>
        </>
      )}
    </Menu>
  )
}
