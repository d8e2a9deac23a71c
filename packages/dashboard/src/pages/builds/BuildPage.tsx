import { isFinal } from '@norrix/contract/builds.policy'
import type { Build } from '@norrix/contract/types'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useCallback, useState, type ReactNode } from 'react'
import { buildReading } from '../../api/queries.ts'
import { oneOf, useAddressState } from '../../parts/address.ts'
import { BuildState, QueuedBy, buildTitle } from '../../parts/BuildState.tsx'
import { useOrgId } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { Reading } from '../../parts/Reading.tsx'
import { Button } from '../../ui/Button.tsx'
import { later } from '../../ui/later.tsx'
import { Banner } from '../../ui/Notice.tsx'
import { Tabs } from '../../ui/Tabs.tsx'
import { Span, Time } from '../../ui/Time.tsx'
import { Artifacts } from './Artifacts.tsx'
import { BuildDetails } from './BuildDetails.tsx'
import { LogPanel } from './log/LogPanel.tsx'
import { useLiveLog } from './log/live.ts'
import { Queued } from './Queued.tsx'

const CancelBuildDialog = later(
  async () => (await import('./CancelBuildDialog.tsx')).CancelBuildDialog,
)
const tabNames = ['log', 'artifacts', 'details'] as const

/** One build: its log as it runs, what it made, and how. */
export function BuildPage(): ReactNode {
  const orgId = useOrgId()
  const { build: buildId = '' } = useParams({ strict: false })
  const result = useQuery(buildReading(orgId, buildId))
  return (
    <Reading result={result} heading="h1">
      {(build) => <OneBuild key={build.id} build={build} />}
    </Reading>
  )
}

function OneBuild({ build }: { readonly build: Build }): ReactNode {
  const live = useLiveLog(build.orgId, build.id, useBuildUpdate(build))
  const [address, change] = useAddressState()
  const [cancels, setCancels] = useState(false)
  const mayCancel = !isFinal(build.state) && !build.cancelRequested
  return (
    <Page
      title={buildTitle(build)}
      place={`${build.platform} ${build.buildType}`}
      about={<Summary build={build} />}
      actions={mayCancel && <Button onClick={() => setCancels(true)}>Cancel build</Button>}
    >
      {build.failure && (
        <div className="mb-4">
          <Banner tone="danger">
            {build.failure.message} <code className="font-mono text-xs">{build.failure.code}</code>
          </Banner>
        </div>
      )}
      <Tabs
        label="Build"
        value={oneOf(tabNames, address.tab) ?? 'log'}
        onChange={(tab) => change({ tab: tab === 'log' ? undefined : tab })}
        tabs={[
          {
            value: 'log',
            label: 'Log',
            panel: <LogPanel live={live} waiting={<Queued build={build} />} />,
          },
          {
            value: 'artifacts',
            label:
              build.artifacts.length > 0 ? `Artifacts (${build.artifacts.length})` : 'Artifacts',
            panel: <Artifacts build={build} />,
          },
          { value: 'details', label: 'Details', panel: <BuildDetails build={build} /> },
        ]}
      />
      {cancels && <CancelBuildDialog build={build} onClose={() => setCancels(false)} />}
    </Page>
  )
}

function Summary({ build }: { readonly build: Build }): ReactNode {
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <BuildState build={build} />
      <span>
        {build.platform} {build.buildType}
      </span>
      <QueuedBy build={build} />
      <Time at={build.createdAt} />
      {build.startedAt !== null && <Span from={build.startedAt} to={build.finishedAt} />}
    </div>
  )
}

/** Takes a new state of the build into what is kept; without one, asks for it. */
function useBuildUpdate({ orgId, id }: Build): (build: Build | undefined) => void {
  const queries = useQueryClient()
  return useCallback(
    (build) => {
      const { queryKey } = buildReading(orgId, id)
      if (build) queries.setQueryData(queryKey, build)
      else void queries.invalidateQueries({ queryKey })
    },
    [queries, orgId, id],
  )
}
