import { apiKeys } from '@norrix/contract/api-keys.operations'
import type { ApiKey } from '@norrix/contract/types'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../../api.ts'
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
          <LastUse apiKey={apiKey} /> Every request from now on is refused. This can't be undone.
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

function LastUse({ apiKey }: { readonly apiKey: ApiKey }): ReactNode {
  if (!apiKey.lastUsed) return <>Never used.</>
  return (
    <>
      Last used <Time at={apiKey.lastUsed.at} /> from {apiKey.lastUsed.address}.
    </>
  )
}
