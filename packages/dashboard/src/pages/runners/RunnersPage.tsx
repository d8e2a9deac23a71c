import type { Runner } from '@norrix/contract/types'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { runnersReading } from '../../api/queries.ts'
import { useAddressState } from '../../parts/address.ts'
import { useIsAdmin, useOrg, useOrgId } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { Pager } from '../../parts/Pager.tsx'
import { Reading } from '../../parts/Reading.tsx'
import { sortingOf } from '../../parts/sorting.ts'
import { paths } from '../../paths.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { later } from '../../ui/later.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Table, type Column } from '../../ui/Table.tsx'
import { Time } from '../../ui/Time.tsx'

const AddRunnerDialog = later(async () => (await import('./AddRunnerDialog.tsx')).AddRunnerDialog)
const RemoveRunnerDialog = later(
  async () => (await import('./RemoveRunnerDialog.tsx')).RemoveRunnerDialog,
)

/** The machines that build for the organization. */
export function RunnersPage(): ReactNode {
  const orgId = useOrgId()
  const org = useOrg()
  const isAdmin = useIsAdmin()
  const [address, change] = useAddressState()
  const [adds, setAdds] = useState(false)
  const [removed, setRemoved] = useState<Runner | undefined>(undefined)
  const result = useQuery(runnersReading(orgId, address.cursor))
  const addButton = (
    <Button look="primary" onClick={() => setAdds(true)}>
      Add runner
    </Button>
  )
  return (
    <Page
      title="Runners"
      place={org?.name}
      about={
        isAdmin
          ? 'Machines that take builds from the queue.'
          : 'Machines that take builds from the queue. Adding and removing them takes an admin.'
      }
      actions={isAdmin && addButton}
    >
      <Reading result={result}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Notice title="No runners yet" actions={isAdmin && addButton}>
              A runner is a machine of yours that builds: a Mac for iOS, any Linux machine for
              Android. It asks the server for work, so it needs no open port.
            </Notice>
          ) : (
            <>
              <Table
                caption="Runners"
                columns={isAdmin ? [...columns(orgId), removal(setRemoved)] : columns(orgId)}
                rows={items}
                rowKey={(runner) => runner.id}
                {...sortingOf(address, next, change)}
              />
              <Pager cursor={address.cursor} next={next} />
            </>
          )
        }
      </Reading>
      {adds && <AddRunnerDialog onClose={() => setAdds(false)} orgId={orgId} />}
      {removed && (
        <RemoveRunnerDialog runner={removed} onClose={() => setRemoved(undefined)} orgId={orgId} />
      )}
    </Page>
  )
}

function columns(orgId: string): readonly Column<Runner>[] {
  return [
    {
      key: 'name',
      title: 'Name',
      sortBy: (runner) => runner.name,
      cell: (runner) => (
        <>
          <span className="font-medium wrap-anywhere">{runner.name}</span>{' '}
          {runner.owner === 'server' && <Badge>shared by the server</Badge>}
        </>
      ),
    },
    {
      key: 'state',
      title: 'State',
      sortBy: (runner) => (runner.online ? 0 : 1),
      cell: (runner) => <RunnerState runner={runner} orgId={orgId} />,
    },
    {
      key: 'platforms',
      title: 'Platforms',
      cell: (runner) =>
        runner.platforms.join(', ') || <span className="text-muted">not known yet</span>,
    },
    {
      key: 'isolation',
      title: 'Isolation',
      cell: ({ isolation }) =>
        isolation === 'none' ? (
          <Badge tone="warning">none</Badge>
        ) : (
          (isolation ?? <span className="text-muted">–</span>)
        ),
    },
    {
      key: 'machine',
      title: 'Machine',
      cell: ({ os, version }) =>
        os === null ? (
          <span className="text-muted">–</span>
        ) : (
          [os, version && `norrix ${version}`].filter(Boolean).join(', ')
        ),
    },
    {
      key: 'seen',
      title: 'Last seen',
      sortBy: (runner) => Date.parse(runner.lastSeenAt ?? '') || 0,
      cell: ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : <Time at={lastSeenAt} />),
    },
  ]
}

function RunnerState({
  runner,
  orgId,
}: {
  readonly runner: Runner
  readonly orgId: string
}): ReactNode {
  if (runner.buildId !== null) {
    return (
      <Link to={paths.build} params={{ org: orgId, build: runner.buildId }} className="underline">
        <Badge tone="info">building</Badge>
      </Link>
    )
  }
  if (runner.online) return <Badge tone="success">online</Badge>
  return <Badge>{runner.lastSeenAt === null ? 'not started yet' : 'offline'}</Badge>
}

function removal(onRemove: (runner: Runner) => void): Column<Runner> {
  return {
    key: 'remove',
    title: '',
    className: 'md:text-right',
    cell: (runner) =>
      runner.owner === 'org' && (
        <Button
          look="quiet-danger"
          size="small"
          aria-label={`Remove ${runner.name}`}
          onClick={() => onRemove(runner)}
        >
          Remove
        </Button>
      ),
  }
}
