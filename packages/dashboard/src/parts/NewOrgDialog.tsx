import { orgs } from '@norrix/contract/orgs.operations'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState, type ReactNode, type SubmitEvent } from 'react'
import { call } from '../api.ts'
import { paths } from '../paths.ts'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogButtons } from '../ui/Dialog.tsx'
import { TextField } from '../ui/Field.tsx'
import { FaultBanner } from './FaultView.tsx'

/** Makes an organization and goes there. */
export function NewOrgDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const nameField = useRef<HTMLInputElement>(null)
  return (
    <Dialog
      onClose={onClose}
      title="New organization"
      lead="It owns its builds, runners and API keys. You become its owner."
      initialFocus={nameField}
    >
      <NewOrgForm nameField={nameField} onClose={onClose} />
    </Dialog>
  )
}

function NewOrgForm({
  nameField,
  onClose,
}: {
  readonly nameField: React.RefObject<HTMLInputElement | null>
  readonly onClose: () => void
}): ReactNode {
  const [name, setName] = useState('')
  const [asked, setAsked] = useState(false)
  const navigate = useNavigate()
  const queries = useQueryClient()
  const create = useMutation({
    mutationFn: () => call(orgs.create, { body: { name: name.trim() } }),
    onSuccess: async (org) => {
      await queries.invalidateQueries({ queryKey: ['whoami'] })
      onClose()
      await navigate({ to: paths.builds, params: { org: org.id } })
    },
  })
  const fault = name.trim() === '' ? 'Give the organization a name.' : undefined
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
        value={name}
        maxLength={64}
        autoComplete="off"
        placeholder="e.g. Acme"
        onChange={(event) => setName(event.target.value)}
        fault={asked ? fault : undefined}
      />
      <div className="mt-3">
        <FaultBanner error={create.error} />
      </div>
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Create organization
        </Button>
      </DialogButtons>
    </form>
  )
}
