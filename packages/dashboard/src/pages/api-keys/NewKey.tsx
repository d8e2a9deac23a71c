import type { Output } from '@norrix/contract/types'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { apiKeyReading } from '../../api/queries.ts'
import { FirstSign } from '../../parts/FirstSign.tsx'
import { Step } from '../../parts/Code.tsx'
import { useWhoami } from '../../parts/org.ts'
import { Copyable } from '../../ui/Copy.tsx'
import { Tabs } from '../../ui/Tabs.tsx'
import { Time } from '../../ui/Time.tsx'
import { snippetsFor, type Place } from './snippets.ts'

/** A key just made: the secret, how to use it in three places, and a sign as soon as somebody does. */
export function NewKey({
  created: { apiKey, secret },
  orgId,
  onCopied,
}: {
  readonly created: Output<'apiKeys.create'>
  readonly orgId: string
  readonly onCopied: () => void
}): ReactNode {
  const [place, setPlace] = useState<Place>('shell')
  const { url } = useWhoami().environment
  return (
    <div className="grid grid-cols-1 gap-4">
      <div>
        <p className="mb-1 text-sm font-medium">Key</p>
        <Copyable text={secret} label="key" onCopied={onCopied} />
      </div>
      <Tabs<Place>
        label="Where to use it"
        value={place}
        onChange={setPlace}
        tabs={snippetsFor(url, apiKey.scopes).map(({ value, label, steps }) => ({
          value,
          label,
          panel: (
            <ol className="grid grid-cols-1 gap-3">
              {steps.map((step) => (
                <Step key={step.label} {...step} />
              ))}
            </ol>
          ),
        }))}
      />
      <FirstUse keyId={apiKey.id} orgId={orgId} />
    </div>
  )
}

function FirstUse({ keyId, orgId }: { readonly keyId: string; readonly orgId: string }): ReactNode {
  const queries = useQueryClient()
  const lastUsed = useQuery(apiKeyReading(orgId, keyId)).data?.lastUsed
  const wasUsed = lastUsed != null
  useEffect(() => {
    // The list behind this dialog says "never" as long as it is not asked again.
    if (wasUsed) void queries.invalidateQueries({ queryKey: ['api-keys', orgId] })
  }, [queries, orgId, wasUsed])
  return (
    <FirstSign
      waiting="Waiting for first use…"
      done={
        lastUsed != null && (
          <>
            used by {lastUsed.agent} <Time at={lastUsed.at} />
          </>
        )
      }
    />
  )
}
