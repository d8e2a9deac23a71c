import { isFinal } from '@norrix/contract/builds.policy'
import { runners } from '@norrix/contract/runners.operations'
import type { Build } from '@norrix/contract/types'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../../api.ts'
import { paths } from '../../paths.ts'
import { Time } from '../../ui/Time.tsx'

/** Why there is no log yet, and what would change that. */
export function Queued({ build }: { readonly build: Build }): ReactNode {
  if (build.state === 'running')
    return <>A runner has the build. Its first line will show up here.</>
  if (isFinal(build.state)) return <>This build wrote no log.</>
  return <WaitingForRunner build={build} />
}

function WaitingForRunner({ build: { orgId, platform } }: { readonly build: Build }): ReactNode {
  const { data } = useQuery({
    queryKey: ['runner-availability', orgId, platform],
    queryFn: ({ signal }) =>
      call(runners.availability, { params: { orgId }, query: { platform }, signal }),
    refetchInterval: 5_000,
  })
  // Not known yet: nothing is promised.
  if (!data) return <>Queued.</>
  if (data.online > 0) return <>Queued. The next free runner for {platform} takes it.</>
  return (
    <>
      {data.registered === 0
        ? `No runner for ${platform} was ever started; the build waits for the first one.`
        : `No runner for ${platform} is online; the build waits for one.`}{' '}
      {data.lastSeenAt !== null && (
        <>
          The last one was seen <Time at={data.lastSeenAt} />.{' '}
        </>
      )}
      <Link to={paths.runners} params={{ org: orgId }} className="text-accent underline">
        Go to the runners
      </Link>
    </>
  )
}
