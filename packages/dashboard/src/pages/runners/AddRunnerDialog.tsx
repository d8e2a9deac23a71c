import { runners } from '@norrix/contract/runners.operations'
import type { Output } from '@norrix/contract/types'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState, type ReactNode, type RefObject, type SubmitEvent } from 'react'
import { call } from '../../api.ts'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { SecretDialog } from '../../parts/SecretDialog.tsx'
import { Button } from '../../ui/Button.tsx'
import { DialogButtons } from '../../ui/Dialog.tsx'
import { TextField } from '../../ui/Field.tsx'
import { NewRunner } from './NewRunner.tsx'

type Created = Output<'runners.create'>

/** Adds a runner: its name, then its token, once, with the command that starts it. */
export function AddRunnerDialog({
  onClose,
  orgId,
}: {
  readonly onClose: () => void
  readonly orgId: string
}): ReactNode {
  const [created, setCreated] = useState<Created | undefined>(undefined)
  const nameField = useRef<HTMLInputElement>(null)
  return (
    <SecretDialog
      onClose={onClose}
      step={
        created
          ? {
              kind: 'secret',
              title: "Copy this token now. It won't be shown again.",
              lead: `Whoever has it takes builds as “${created.runner.name}”.`,
              thing: 'token',
              body: (onCopied) => <NewRunner created={created} orgId={orgId} onCopied={onCopied} />,
            }
          : {
              kind: 'form',
              title: 'Add runner',
              lead: 'A machine of yours that builds for this organization. It asks for work; nothing has to reach it.',
              firstField: nameField,
              body: (
                <NameForm
                  nameField={nameField}
                  orgId={orgId}
                  onCreated={setCreated}
                  onClose={onClose}
                />
              ),
            }
      }
    />
  )
}

function NameForm({
  nameField,
  orgId,
  onCreated,
  onClose,
}: {
  readonly nameField: RefObject<HTMLInputElement | null>
  readonly orgId: string
  readonly onCreated: (created: Created) => void
  readonly onClose: () => void
}): ReactNode {
  const [name, setName] = useState('')
  const [asked, setAsked] = useState(false)
  const queries = useQueryClient()
  const create = useMutation({
    mutationFn: () => call(runners.create, { params: { orgId }, body: { name: name.trim() } }),
    onSuccess: (created) => {
      onCreated(created)
      return queries.invalidateQueries({ queryKey: ['runners', orgId] })
    },
  })
  const fault = name.trim() === '' ? 'Give the runner a name.' : undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setAsked(true)
    if (fault === undefined && !create.isPending) create.mutate()
  }
  return (
    <form onSubmit={submit} noValidate>
      <TextField
        ref={nameField}
        label="Name"
        placeholder="e.g. Mac mini in the office"
        value={name}
        maxLength={64}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
        fault={asked ? fault : undefined}
      />
      <div className="mt-3">
        <FaultBanner error={create.error} />
      </div>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Add runner
        </Button>
      </DialogButtons>
    </form>
  )
}
