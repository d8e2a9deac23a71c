import { runners } from '@norrix/contract/runners.operations'
import type { Runner } from '@norrix/contract/types'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../../api.ts'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'

/** Asks once, then removes a runner. */
export function RemoveRunnerDialog({
  runner,
  onClose,
  orgId,
}: {
  readonly runner: Runner
  readonly onClose: () => void
  readonly orgId: string
}): ReactNode {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (runnerId: string) => call(runners.remove, { params: { orgId, runnerId } }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['runners', orgId] })
      onClose()
    },
  })
  return (
    <Dialog
      onClose={onClose}
      title={`Remove “${runner.name}”?`}
      lead={`Its token is refused from now on.${runner.buildId === null ? '' : ' The build it has goes back to the queue.'} This can't be undone.`}
    >
      <FaultBanner error={remove.error} />
      <DialogButtons>
        <Button onClick={onClose}>Keep</Button>
        <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate(runner.id)}>
          Remove runner
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
