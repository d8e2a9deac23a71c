import { scopes, type Scope } from '@norrix/contract/access.policy'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import type { Output } from '@norrix/contract/types'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode, type RefObject, type SubmitEvent } from 'react'
import { call } from '../../api.ts'
import { FaultBanner } from '../../parts/FaultView.tsx'
import { Button } from '../../ui/Button.tsx'
import { DialogButtons } from '../../ui/Dialog.tsx'
import { CheckBox, Note, TextField } from '../../ui/Field.tsx'
import { endOf, type Term } from './expiration.ts'
import { ExpirationField } from './ExpirationField.tsx'

const scopeMeaning: Readonly<Record<Scope, string>> = {
  build: 'Create and manage builds',
  submit: 'Submit apps to stores',
  update: 'Publish OTA updates',
}

interface Draft {
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly term: Term
  readonly day: string
}

/** Name, scopes, expiration. Nothing is ticked beforehand (ruling 6). */
export function CreateKeyForm({
  nameField,
  orgId,
  onCreated,
  onCancel,
}: {
  readonly nameField: RefObject<HTMLInputElement | null>
  readonly orgId: string
  readonly onCreated: (created: Output<'apiKeys.create'>) => void
  readonly onCancel: () => void
}): ReactNode {
  const [draft, setDraft] = useState<Draft>({ name: '', scopes: [], term: 'never', day: '' })
  const [asked, setAsked] = useState(false)
  const create = useCreateKey(orgId, onCreated)
  const faults = faultsOf(draft, new Date())
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault()
    setAsked(true)
    if (Object.values(faults).every((fault) => fault === undefined)) {
      if (!create.isPending) create.mutate(draft)
    } else focusFirstFault(event.currentTarget, faults)
  }
  return (
    <form onSubmit={submit} noValidate className="grid grid-cols-1 gap-4">
      <TextField
        ref={nameField}
        name="name"
        label="Name"
        placeholder="e.g. GitHub Actions"
        value={draft.name}
        maxLength={64}
        autoComplete="off"
        onChange={({ target }) => setDraft({ ...draft, name: target.value })}
        fault={asked ? faults.name : undefined}
      />
      <ScopesField
        chosen={draft.scopes}
        onChange={(chosen) => setDraft({ ...draft, scopes: chosen })}
        asked={asked}
      />
      <ExpirationField
        term={draft.term}
        day={draft.day}
        onChange={(change) => setDraft({ ...draft, ...change })}
        fault={asked ? faults.day : undefined}
      />
      <FaultBanner error={create.error} />
      <DialogButtons>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="primary" busy={create.isPending}>
          Create API Key
        </Button>
      </DialogButtons>
    </form>
  )
}

function ScopesField({
  chosen,
  onChange,
  asked,
}: {
  readonly chosen: readonly Scope[]
  readonly onChange: (chosen: readonly Scope[]) => void
  readonly asked: boolean
}): ReactNode {
  const missing = chosen.length === 0 ? 'Choose at least one scope.' : undefined
  return (
    <fieldset aria-describedby="scopes-note">
      <legend className="mb-0.5 text-sm font-medium">Scopes</legend>
      {scopes.map((scope) => (
        <CheckBox
          key={scope}
          name="scopes"
          label={<strong className="font-semibold">{scope}</strong>}
          about={scopeMeaning[scope]}
          checked={chosen.includes(scope)}
          onChange={({ target }) =>
            onChange(
              scopes.filter((other) => (other === scope ? target.checked : chosen.includes(other))),
            )
          }
        />
      ))}
      <Note id="scopes-note" fault={asked ? missing : undefined}>
        {missing}
      </Note>
    </fieldset>
  )
}

type Faults = Readonly<Record<'name' | 'scopes' | 'day', string | undefined>>

function faultsOf(draft: Draft, now: Date): Faults {
  const end = endOf(draft.term, draft.day, now)
  return {
    name: draft.name.trim() === '' ? 'Give the key a name.' : undefined,
    scopes: draft.scopes.length === 0 ? 'Choose at least one scope.' : undefined,
    day:
      end === undefined
        ? 'Pick a date.'
        : end && end <= now
          ? 'Pick a date that is not over.'
          : undefined,
  }
}

/** The fields are named as their faults are. */
function focusFirstFault(form: HTMLFormElement, faults: Faults): void {
  const name = Object.entries(faults).find(([, fault]) => fault !== undefined)?.[0]
  form.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.focus()
}

function useCreateKey(orgId: string, onCreated: (created: Output<'apiKeys.create'>) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (draft: Draft) =>
      call(apiKeys.create, {
        params: { orgId },
        body: {
          name: draft.name.trim(),
          scopes: [...draft.scopes],
          expiresAt: endOf(draft.term, draft.day, new Date())?.toISOString() ?? null,
        },
      }),
    onSuccess: (created) => {
      onCreated(created)
      return queries.invalidateQueries({ queryKey: ['api-keys', orgId] })
    },
    // The secret stays nowhere but on the screen.
    gcTime: 0,
  })
}
