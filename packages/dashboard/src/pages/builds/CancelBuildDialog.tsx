import { builds } from '@norrix/contract/builds.operations'
import type { Build } from '@norrix/contract/types'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../../api.ts'
import { buildReading } from '../../api/queries.ts'
import { buildTitle } from '../../parts/BuildState.tsx'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { Button } from '../../ui/Button.tsx'
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx'

/** Asks once, then cancels. */
export function CancelBuildDialog({
  build,
  onClose,
}: {
  readonly build: Build
  readonly onClose: () => void
}): ReactNode {
  const queries = useQueryClient()
  const params = { orgId: build.orgId, buildId: build.id }
  const cancel = useMutation({
    mutationFn: () => call(builds.cancel, { params }),
    onSuccess: (changed) => {
      queries.setQueryData(buildReading(build.orgId, build.id).queryKey, changed)
      onClose()
    },
  })
  return (
    <Dialog
      onClose={onClose}
      title="Cancel this build?"
      lead={`${buildTitle(build)}, ${build.platform} ${build.buildType}. Its runner stops it; what it has made so far is lost.`}
    >
      <FaultBanner error={cancel.error} />
      <DialogButtons>
        <Button onClick={onClose}>Keep building</Button>
        <Button look="danger" busy={cancel.isPending} onClick={() => cancel.mutate()}>
          Cancel build
        </Button>
      </DialogButtons>
    </Dialog>
  )
}
