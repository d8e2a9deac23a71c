import { useState, type ReactNode, type RefObject } from 'react'
import { Button } from '../ui/Button.tsx'
import { Dialog, DialogButtons } from '../ui/Dialog.tsx'

/** What the dialog shows: the form that makes something, then the secret that came of it. */
export type SecretStep = { readonly title: string; readonly lead?: ReactNode } & (
  | {
      readonly kind: 'form'
      readonly body: ReactNode
      readonly firstField: RefObject<HTMLElement | null>
    }
  | {
      readonly kind: 'secret'
      /** What the secret is called in a sentence: `key`. */
      readonly thing: string
      /** Gets what is to be called when the secret was copied. */
      readonly body: (onCopied: () => void) => ReactNode
    }
)

/** A dialog that makes a secret and shows it this once. Leaving before anything was copied asks once. */
export function SecretDialog({
  onClose,
  step,
}: {
  readonly onClose: () => void
  readonly step: SecretStep
}): ReactNode {
  const [copied, setCopied] = useState(false)
  const [asks, setAsks] = useState(false)
  const leave = (): void => (step.kind === 'form' || copied || asks ? onClose() : setAsks(true))
  const onCopied = (): void => {
    setCopied(true)
    setAsks(false)
  }
  return (
    <Dialog
      onClose={leave}
      title={step.title}
      lead={step.lead}
      wide={step.kind === 'secret'}
      {...(step.kind === 'form' && { initialFocus: step.firstField })}
    >
      {step.kind === 'form' ? (
        step.body
      ) : (
        <>
          {step.body(onCopied)}
          {asks && <NotCopied thing={step.thing} />}
          <DialogButtons>
            {asks ? (
              <>
                <Button look="quiet-danger" onClick={onClose}>
                  Leave without it
                </Button>
                <Button look="primary" onClick={() => setAsks(false)}>
                  Back to the {step.thing}
                </Button>
              </>
            ) : (
              <Button look="primary" onClick={leave}>
                Done
              </Button>
            )}
          </DialogButtons>
        </>
      )}
    </Dialog>
  )
}

function NotCopied({ thing }: { readonly thing: string }): ReactNode {
  return (
    <p role="alert" className="mt-4 rounded-md bg-warning-soft px-3 py-2 text-sm text-warning">
      You have not copied the {thing}. Once this is closed nobody can see it again.
    </p>
  )
}
