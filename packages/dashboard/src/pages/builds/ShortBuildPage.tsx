import { builds } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import type { Build } from '@norrix/contract/types'
import { useQuery } from '@tanstack/react-query'
import { Navigate, useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../../api.ts'
import { Frame } from '../../parts/Frame.tsx'
import { useWhoami } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { Reading } from '../../parts/Reading.tsx'
import { paths } from '../../paths.ts'

/** `/b/6Hq2vT`, the short address that the command line prints: leads to the build's page in its organization. */
export function ShortBuildPage(): ReactNode {
  const { short = '' } = useParams({ strict: false })
  const { orgs } = useWhoami()
  const result = useQuery({
    queryKey: ['short-build', short],
    queryFn: () =>
      findBuild(
        short,
        orgs.map(({ id }) => id),
      ),
  })
  return (
    <Frame>
      <Page title="Build">
        <Reading result={result} heading="h1">
          {(build) => (
            <Navigate replace to={paths.build} params={{ org: build.orgId, build: build.id }} />
          )}
        </Reading>
      </Page>
    </Frame>
  )
}

/** Asks each of the caller's organizations; a short address does not say which one. */
async function findBuild(short: string, orgIds: readonly string[]): Promise<Build> {
  const buildId = `build_${short}`
  const answers = await Promise.allSettled(
    orgIds.map((orgId) => call(builds.show, { params: { orgId, buildId } })),
  )
  const found = answers.find((answer) => answer.status === 'fulfilled')
  if (found) return found.value
  const other = answers.find((answer) => answer.status === 'rejected' && !isNotFound(answer.reason))
  // Not an answer about the build: the page should offer to ask again.
  if (other?.status === 'rejected') throw other.reason
  throw new Fault('not_found', { message: `None of your organizations has a build ${short}.` })
}

/** A text that can be no build's id is refused as a bad request: also not there. */
function isNotFound(reason: unknown): boolean {
  return reason instanceof Fault && (reason.code === 'not_found' || reason.code === 'bad_request')
}
