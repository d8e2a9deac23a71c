import { sessions } from '@norrix/contract/sessions.operations'
import type { Session } from '@norrix/contract/types'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../../api.ts'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { signedOutPath } from '../../paths.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'
import { Time } from '../../ui/Time.tsx'

/** Asks once, with where the session came from, then ends it. */
export function RevokeSessionDialog({
  session,
  onClose,
  onRevoked,
}: {
  readonly session: Session
  readonly onClose: () => void
  readonly onRevoked: (session: Session) => void
}): ReactNode {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: (sessionId: string) => call(sessions.revoke, { params: { sessionId } }),
    onSuccess: async (revoked) => {
      if (revoked.current) return location.assign(signedOutPath)
      await queries.invalidateQueries({ queryKey: ['sessions'] })
      onRevoked(revoked)
      onClose()
    },
  })
  return (
    <Dialog
      onClose={onClose}
      title={`Revoke “${session.device}”?`}
      lead={
        <>
          Signed in <Time at={session.createdAt} /> from {session.address}, last used{' '}
          <Time at={session.lastUsedAt} />. Every request from now on is refused.{' '}
          {session.current
            ? 'It is the session you are in: you will be signed out here.'
            : 'To go on there, one has to sign in again.'}
        </>
      }
    >
      <FaultBanner error={revoke.error} />
      <DialogButtons>
        <Button onClick={onClose}>Keep</Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate(session.id)}>
          Revoke session
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
