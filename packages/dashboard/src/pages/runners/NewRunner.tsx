import { platforms, type Platform } from '@norrix/contract/builds.policy'
import type { Output, Runner } from '@norrix/contract/types'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { runnersReading } from '../../api/queries.ts'
import { useWhoami } from '../../parts/org.ts'
import { FirstSign } from '../../parts/FirstSign.tsx'
import { Copyable } from '../../ui/Copy.tsx'
import { CheckBox } from '../../ui/Field.tsx'

/** The token of a new runner, and the command that starts it on its machine. */
export function NewRunner({
  created: { runner, token },
  orgId,
  onCopied,
}: {
  readonly created: Output<'runners.create'>
  readonly orgId: string
  readonly onCopied: () => void
}): ReactNode {
  const { url } = useWhoami().environment
  const [wanted, setWanted] = useState<readonly Platform[]>(['ios'])
  const command = [
    `NORRIX_RUNNER_TOKEN=${token}`,
    `norrix runners start --url ${url} --platforms ${wanted.join(',') || '…'}`,
  ].join(' \\\n  ')
  return (
    <div className="grid grid-cols-1 gap-4">
      <div>
        <p className="mb-1 text-sm font-medium">Token</p>
        <Copyable text={token} label="token" onCopied={onCopied} />
      </div>
      <div>
        <PlatformChoice wanted={wanted} onChange={setWanted} />
        <p className="mb-1 text-sm">Start it on the machine:</p>
        <Copyable text={command} label="start command" onCopied={onCopied} lines />
      </div>
      <FirstHello runner={runner} orgId={orgId} />
    </div>
  )
}

function PlatformChoice({
  wanted,
  onChange,
}: {
  readonly wanted: readonly Platform[]
  readonly onChange: (wanted: readonly Platform[]) => void
}): ReactNode {
  return (
    <fieldset className="mb-2 flex flex-wrap items-center gap-x-5">
      <legend className="mb-1 text-sm font-medium">What the machine can build</legend>
      {platforms.map((platform) => (
        <CheckBox
          key={platform}
          label={platform}
          checked={wanted.includes(platform)}
          onChange={({ target }) =>
            onChange(
              platforms.filter((other) =>
                other === platform ? target.checked : wanted.includes(other),
              ),
            )
          }
        />
      ))}
    </fieldset>
  )
}

function FirstHello({
  runner,
  orgId,
}: {
  readonly runner: Runner
  readonly orgId: string
}): ReactNode {
  const { data } = useQuery({ ...runnersReading(orgId), refetchInterval: 2_000 })
  const seen = data?.items.find(({ id }) => id === runner.id)
  return (
    <FirstSign
      waiting="Waiting for it to say hello…"
      done={seen?.online === true && `online, for ${seen.platforms.join(', ')}`}
    />
  )
}
