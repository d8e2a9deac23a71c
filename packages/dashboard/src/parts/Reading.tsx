import { Fault } from '@norrix/contract/fault'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Button } from '../ui/Button.tsx'
import { Banner, Loading } from '../ui/Notice.tsx'
import { FaultView } from './FaultView.tsx'

/**
 * Shows what was read; before that grey rows, or the fault. What was read once stays when asking again fails,
 * with a sentence above it, unless the answer is that it may not be seen any more.
 */
export function Reading<T>({
  result,
  children,
  waiting,
  heading,
}: {
  readonly result: UseQueryResult<T, Error>
  readonly children: (value: T) => ReactNode
  readonly waiting?: ReactNode
  /** `h1` where the page's own heading comes with what is read. */
  readonly heading?: 'h1'
}): ReactNode {
  const { data, error, refetch } = result
  const gone =
    error instanceof Fault && (error.code === 'not_found' || error.code === 'role_missing')
  if (error && (data === undefined || gone)) {
    const onRetry = gone ? undefined : () => void refetch()
    return <FaultView error={error} onRetry={onRetry} heading={heading} />
  }
  if (data === undefined) return waiting ?? <Loading />
  return (
    <>
      {error && (
        <div className="mb-3">
          <Banner tone="warning">
            This may be out of date: the server could not be asked again.{' '}
            <Button size="small" onClick={() => void refetch()}>
              Try again
            </Button>
          </Banner>
        </div>
      )}
      {children(data)}
    </>
  )
}
