import { sessions } from '@norrix/contract/sessions.operations'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../../api.ts'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { signedOutPath } from '../../paths.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'

/** Asks once, then ends every session of the account, the one that asks included. */
export function SignOutEverywhereDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const end = useMutation({
    mutationFn: () => call(sessions.revokeAll, {}),
    onSuccess: () => location.assign(signedOutPath),
  })
  return (
    <Dialog
      onClose={onClose}
      title="Sign out everywhere?"
      lead="Every session of yours ends, on all devices and in this browser, and each has to be signed in again. API keys go on working."
    >
      <FaultBanner error={end.error} />
      <DialogButtons>
        <Button onClick={onClose}>Keep</Button>
        <Button look="danger" busy={end.isPending} onClick={() => end.mutate()}>
          Sign out everywhere
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
