import { apiKeys } from '@norrix/contract/api-keys.operations'
import type { ApiKey } from '@norrix/contract/types'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../../api.ts'
import { apiKeyReading } from '../../api/queries.ts'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { CheckBox } from '../../ui/Field.tsx'
import { Time } from '../../ui/Time.tsx'

export interface Revoked {
  readonly name: string
  readonly cancelledBuilds: number
}

/** Asks once, with what the key last did, then revokes it. */
export function RevokeKeyDialog({
  apiKey,
  onClose,
  onRevoked,
  orgId,
}: {
  readonly apiKey: ApiKey
  readonly onClose: () => void
  readonly onRevoked: (revoked: Revoked) => void
  readonly orgId: string
}): ReactNode {
  const [cancelBuilds, setCancelBuilds] = useState(false)
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: (keyId: string) =>
      call(apiKeys.revoke, { params: { orgId, keyId }, body: { cancelBuilds } }),
    onSuccess: async ({ apiKey: { name }, cancelledBuilds }) => {
      await queries.invalidateQueries({ queryKey: ['api-keys', orgId] })
      onRevoked({ name, cancelledBuilds })
      onClose()
    },
  })
  return (
    <Dialog
      onClose={onClose}
      title={`Revoke "${apiKey.name}"?`}
      lead={
        <>
          <LastUse apiKey={apiKey} orgId={orgId} /> Every request from now on is refused. This can't
          be undone.
        </>
      }
    >
      {apiKey.scopes.includes('build') && (
        <CheckBox
          label="Also cancel the builds it has queued"
          checked={cancelBuilds}
          onChange={({ target }) => setCancelBuilds(target.checked)}
        />
      )}
      <FaultBanner error={revoke.error} />
      <DialogButtons>
        <Button onClick={onClose}>Keep</Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate(apiKey.id)}>
          Revoke key
        </Button>
      </DialogButtons>
    </Dialog>
  )
}

/** Asked for anew: the list behind may be seconds old, and this is what the decision rests on. */
function LastUse({
  apiKey,
  orgId,
}: {
  readonly apiKey: ApiKey
  readonly orgId: string
}): ReactNode {
  const { data, isError } = useQuery({ ...apiKeyReading(orgId, apiKey.id), gcTime: 0 })
  const known = data ?? (isError ? apiKey : undefined)
  if (!known) return <>Looking up when it was last used…</>
  if (!known.lastUsed) return <>Never used.</>
  return (
    <>
      Last used <Time at={known.lastUsed.at} /> from {known.lastUsed.address}.
    </>
  )
}
