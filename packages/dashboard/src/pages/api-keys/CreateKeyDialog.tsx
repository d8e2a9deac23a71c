import type { Output } from '@norrix/contract/types'
import { useRef, useState, type ReactNode } from 'react'
import { SecretDialog } from '../../parts/SecretDialog.tsx'
import { useOrg, useWhoami } from '../../parts/org.ts'
import { CreateKeyForm } from './CreateKeyForm.tsx'
import { NewKey } from './NewKey.tsx'

/** Makes a key, then shows it: the one time that anybody can. */
export function CreateKeyDialog({
  onClose,
  orgId,
}: {
  readonly onClose: () => void
  readonly orgId: string
}): ReactNode {
  const [created, setCreated] = useState<Output<'apiKeys.create'> | undefined>(undefined)
  const nameField = useRef<HTMLInputElement>(null)
  const orgName = useOrg()?.name
  const { kind } = useWhoami().environment
  return (
    <SecretDialog
      onClose={onClose}
      step={
        created
          ? {
              kind: 'secret',
              title: "Copy this key now. It won't be shown again.",
              thing: 'key',
              body: (onCopied) => <NewKey created={created} orgId={orgId} onCopied={onCopied} />,
            }
          : {
              kind: 'form',
              title: 'Create API Key',
              lead: (
                <>
                  For automation. Acts only in <strong className="text-text">{orgName}</strong> on{' '}
                  <strong className="text-text">{kind}</strong>.
                </>
              ),
              firstField: nameField,
              body: (
                <CreateKeyForm
                  nameField={nameField}
                  orgId={orgId}
                  onCreated={setCreated}
                  onCancel={onClose}
                />
              ),
            }
      }
    />
  )
}
