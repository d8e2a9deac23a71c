import { Navigate } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { Frame } from '../../parts/Frame.tsx'
import { startingOrg, useWhoami } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { paths } from '../../paths.ts'
import { later } from '../../ui/later.tsx'
import { Button } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'

const NewOrgDialog = later(async () => (await import('../../parts/NewOrgDialog.tsx')).NewOrgDialog)

/** `/`: into the organization used last. */
export function HomePage(): ReactNode {
  const org = startingOrg(useWhoami().orgs)
  if (!org) return <NoOrg />
  return <Navigate replace to={paths.builds} params={{ org: org.id }} />
}

/** `/settings/api-keys`, the address that texts of the command line name: the keys of the current organization. */
export function CurrentApiKeysPage(): ReactNode {
  const org = startingOrg(useWhoami().orgs)
  if (!org) return <NoOrg />
  return <Navigate replace to={paths.apiKeys} params={{ org: org.id }} />
}

function NoOrg(): ReactNode {
  const [makesOrg, setMakesOrg] = useState(false)
  return (
    <Frame>
      <Page title="Welcome">
        <Notice
          title="You are in no organization yet"
          actions={
            <Button look="primary" onClick={() => setMakesOrg(true)}>
              New organization
            </Button>
          }
        >
          Builds, runners and API keys belong to an organization. Make one, or ask an admin of yours
          to invite you.
        </Notice>
        {makesOrg && <NewOrgDialog onClose={() => setMakesOrg(false)} />}
      </Page>
    </Frame>
  )
}
