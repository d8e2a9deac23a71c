import type { ApiKey } from '@norrix/contract/types'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { apiKeysReading } from '../../api/queries.ts'
import { oneOf, useAddressState } from '../../parts/address.ts'
import { useIsAdmin, useOrg, useOrgId } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { Pager } from '../../parts/Pager.tsx'
import { Reading } from '../../parts/Reading.tsx'
import { sortingOf } from '../../parts/sorting.ts'
import { Button } from '../../ui/Button.tsx'
import { later } from '../../ui/later.tsx'
import { Banner, Notice } from '../../ui/Notice.tsx'
import { Table } from '../../ui/Table.tsx'
import { Tabs } from '../../ui/Tabs.tsx'
import { columnsOf } from './columns.tsx'
import type { Revoked } from './RevokeKeyDialog.tsx'

const CreateKeyDialog = later(async () => (await import('./CreateKeyDialog.tsx')).CreateKeyDialog)
const RevokeKeyDialog = later(async () => (await import('./RevokeKeyDialog.tsx')).RevokeKeyDialog)
const tabNames = ['active', 'ended'] as const
type TabName = (typeof tabNames)[number]

/** Settings → API Keys. */
export function ApiKeysPage(): ReactNode {
  const org = useOrg()
  const isAdmin = useIsAdmin()
  return org && !isAdmin ? <ForAdmins orgName={org.name} /> : <Keys />
}

function Keys(): ReactNode {
  const orgId = useOrgId()
  const org = useOrg()
  const [address, change] = useAddressState()
  const [creates, setCreates] = useState(false)
  const [asked, setAsked] = useState<ApiKey | undefined>(undefined)
  const [revoked, setRevoked] = useState<Revoked | undefined>(undefined)
  const status = oneOf(tabNames, address.tab) ?? 'active'
  const create = (
    <Button look="primary" onClick={() => setCreates(true)}>
      Create API Key
    </Button>
  )
  const list = (of: TabName): ReactNode => (
    <KeyList
      status={of}
      orgId={orgId}
      empty={of === 'active' ? <NoKeys action={create} /> : <NoneEnded />}
      onRevoke={setAsked}
    />
  )
  return (
    <Page
      title="API Keys"
      place={org?.name}
      about="For pipelines and scripts. A key acts only in this organization."
      actions={create}
    >
      {revoked && (
        <div className="mb-3">
          <Banner tone="success">{sentenceAbout(revoked)}</Banner>
        </div>
      )}
      <Tabs<TabName>
        label="Status"
        value={status}
        onChange={(tab) => change({ tab: tab === 'active' ? undefined : tab, sort: undefined })}
        tabs={[
          { value: 'active', label: 'Active', panel: list('active') },
          { value: 'ended', label: 'Revoked and expired', panel: list('ended') },
        ]}
      />
      {creates && <CreateKeyDialog onClose={() => setCreates(false)} orgId={orgId} />}
      {asked && (
        <RevokeKeyDialog
          apiKey={asked}
          onClose={() => setAsked(undefined)}
          onRevoked={setRevoked}
          orgId={orgId}
        />
      )}
    </Page>
  )
}

function KeyList({
  status,
  orgId,
  empty,
  onRevoke,
}: {
  readonly status: TabName
  readonly orgId: string
  readonly empty: ReactNode
  readonly onRevoke: (apiKey: ApiKey) => void
}): ReactNode {
  const [address, change] = useAddressState()
  const { cursor } = address
  const result = useQuery(
    apiKeysReading(orgId, { status, ...(cursor !== undefined && { cursor }) }),
  )
  return (
    <Reading result={result}>
      {({ items, next }) =>
        items.length === 0 && cursor === undefined ? (
          empty
        ) : (
          <>
            <Table
              caption={status === 'active' ? 'Active API keys' : 'Revoked and expired API keys'}
              columns={columnsOf(status, onRevoke)}
              rows={items}
              rowKey={(apiKey) => apiKey.id}
              {...sortingOf(address, next, change)}
            />
            <Pager cursor={cursor} next={next} />
          </>
        )
      }
    </Reading>
  )
}

function sentenceAbout({ name, cancelledBuilds }: Revoked): string {
  const builds = cancelledBuilds === 1 ? '1 build was' : `${cancelledBuilds} builds were`
  return `“${name}” is revoked.${cancelledBuilds > 0 ? ` ${builds} cancelled.` : ''}`
}

function NoKeys({ action }: { readonly action: ReactNode }): ReactNode {
  return (
    <Notice title="No active API keys" actions={action}>
      A pipeline signs in with one: it is put into NORRIX_API_KEY and does what its scopes allow,
      nothing else.
    </Notice>
  )
}

function NoneEnded(): ReactNode {
  return <Notice title="None so far">Keys that were revoked or have expired are kept here.</Notice>
}

function ForAdmins({ orgName }: { readonly orgName: string }): ReactNode {
  return (
    <Page title="API Keys" place={orgName}>
      <Notice title="For admins">
        You are a member of {orgName}. Seeing, making and revoking API keys takes an admin or owner:
        ask one of them.
      </Notice>
    </Page>
  )
}
