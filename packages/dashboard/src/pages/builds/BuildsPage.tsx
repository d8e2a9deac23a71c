import { buildStates, platforms } from '@norrix/contract/builds.policy'
import type { Build } from '@norrix/contract/types'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { buildsReading } from '../../api/queries.ts'
import { oneOf, useAddressState } from '../../parts/address.ts'
import { BuildState, QueuedBy, buildTitle } from '../../parts/BuildState.tsx'
import { useOrg, useOrgId } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { Pager } from '../../parts/Pager.tsx'
import { Reading } from '../../parts/Reading.tsx'
import { sortingOf } from '../../parts/sorting.ts'
import { paths } from '../../paths.ts'
import { Button } from '../../ui/Button.tsx'
import { Filter } from '../../ui/Field.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Table, type Column } from '../../ui/Table.tsx'
import { Span, Time } from '../../ui/Time.tsx'
import { FirstBuild } from './FirstBuild.tsx'

/** The home of an organization: its builds, newest first. */
export function BuildsPage(): ReactNode {
  const orgId = useOrgId()
  const [address, change] = useAddressState()
  const platform = oneOf(platforms, address.platform)
  const state = oneOf(buildStates, address.state)
  const { cursor } = address
  const result = useQuery({
    ...buildsReading(orgId, {
      ...(platform && { platform }),
      ...(state && { state }),
      ...(cursor !== undefined && { cursor }),
    }),
    placeholderData: keepPreviousData,
  })
  const isFiltered = platform !== undefined || state !== undefined
  const isNew = result.data?.items.length === 0 && !isFiltered && cursor === undefined
  return (
    <Page title="Builds" place={useOrg()?.name}>
      {!isNew && (
        <div className="mb-3 flex flex-wrap gap-x-5 gap-y-2">
          <Filter
            label="Platform"
            value={platform ?? ''}
            options={any(platforms)}
            onChange={(value) => change({ platform: value || undefined })}
          />
          <Filter
            label="State"
            value={state ?? ''}
            options={any(buildStates)}
            onChange={(value) => change({ state: value || undefined })}
          />
        </div>
      )}
      <Reading result={result}>
        {({ items, next }) => {
          if (isNew) return <FirstBuild />
          if (items.length === 0)
            return <NoMatch onClear={() => change({ platform: undefined, state: undefined })} />
          return (
            <>
              <Table
                caption="Builds, newest first"
                columns={columns}
                rows={items}
                rowKey={(build) => build.id}
                {...sortingOf(address, next, change)}
              />
              <Pager cursor={cursor} next={next} />
            </>
          )
        }}
      </Reading>
    </Page>
  )
}

function any(values: readonly string[]): { value: string; label: string }[] {
  return [{ value: '', label: 'any' }, ...values.map((value) => ({ value, label: value }))]
}

function NoMatch({ onClear }: { readonly onClear: () => void }): ReactNode {
  return (
    <Notice title="No build matches" actions={<Button onClick={onClear}>Show all builds</Button>}>
      Nothing here is of this platform and in this state.
    </Notice>
  )
}

const columns: readonly Column<Build>[] = [
  {
    key: 'build',
    title: 'Build',
    sortBy: buildTitle,
    cell: (build) => (
      <>
        <Link
          to={paths.build}
          params={{ org: build.orgId, build: build.id }}
          className="font-medium text-accent hover:underline"
        >
          {buildTitle(build)}
        </Link>
        <div className="font-mono text-xs whitespace-nowrap text-muted">{build.id}</div>
      </>
    ),
  },
  {
    key: 'platform',
    title: 'Platform',
    sortBy: (build) => `${build.platform} ${build.buildType}`,
    cell: (build) => `${build.platform} ${build.buildType}`,
  },
  {
    key: 'state',
    title: 'State',
    sortBy: (build) => build.state,
    cell: (build) => <BuildState build={build} />,
  },
  {
    key: 'by',
    title: 'Queued by',
    sortBy: (build) => build.queuedBy.name,
    cell: (build) => <QueuedBy build={build} />,
  },
  {
    key: 'queued',
    title: 'Queued',
    sortBy: (build) => Date.parse(build.createdAt),
    cell: (build) => <Time at={build.createdAt} />,
  },
  {
    key: 'took',
    title: 'Took',
    cell: (build) =>
      build.startedAt === null ? (
        <span className="text-muted">–</span>
      ) : (
        <Span from={build.startedAt} to={build.finishedAt} />
      ),
  },
]
