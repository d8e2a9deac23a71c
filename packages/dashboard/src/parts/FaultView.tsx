import { Fault } from '@norrix/contract/fault'
import type { ReactNode } from 'react'
import { Button } from '../ui/Button.tsx'
import { Banner, Notice } from '../ui/Notice.tsx'

/** A fault that took the place of a page or panel: what happened, what to do, and the number to quote. */
export function FaultView({
  error,
  onRetry,
  heading,
}: {
  readonly error: Error
  readonly onRetry?: (() => void) | undefined
  readonly heading?: 'h1' | 'h2' | undefined
}): ReactNode {
  const code = error instanceof Fault ? error.code : 'internal'
  const titles: Partial<Record<typeof code, string>> = {
    not_found: 'Not found',
    role_missing: 'Not for your role',
    network: 'No connection',
    unavailable: 'The server is busy',
  }
  return (
    <Notice
      alert
      heading={heading}
      title={titles[code] ?? 'That did not work'}
      actions={onRetry && <Button onClick={onRetry}>Try again</Button>}
    >
      <FaultText error={error} />
    </Notice>
  )
}

/** A fault of something that was pressed, beside what was pressed. */
export function FaultBanner({ error }: { readonly error: Error | null }): ReactNode {
  if (!error) return null
  return (
    <Banner tone="danger">
      <FaultText error={error} />
    </Banner>
  )
}

function FaultText({ error }: { readonly error: Error }): ReactNode {
  // What is not a fault of ours is a mistake in this page: its text is for developers.
  if (!(error instanceof Fault))
    return <>This page failed. Load it again; if it stays, tell whoever runs this server.</>
  const fields = fieldsOf(error)
  return (
    <>
      <p>{error.message}</p>
      {fields.length > 0 && <p>{fields.join('; ')}</p>}
      {error.fix !== undefined && <p>To fix it: {error.fix}.</p>}
      {error.requestId !== undefined && (
        <p className="mt-1 font-mono text-xs">request {error.requestId}</p>
      )}
    </>
  )
}

/** The fields that the server names as wrong, where it names them. */
function fieldsOf(fault: Fault): readonly string[] {
  const fields: unknown = fault.details?.['fields']
  if (!Array.isArray(fields)) return []
  return fields.map((field) => (typeof field === 'string' ? field : JSON.stringify(field)))
}
