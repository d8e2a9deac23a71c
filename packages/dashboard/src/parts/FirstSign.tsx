import type { ReactNode } from 'react'

/** Waits for something to be used for the first time, and says so when it was. */
export function FirstSign({
  waiting,
  done,
}: {
  readonly waiting: string
  /** What is said once it happened; false until then. */
  readonly done: ReactNode
}): ReactNode {
  const isDone = done !== false
  return (
    <p
      role="status"
      className={`flex items-center gap-2 text-sm ${isDone ? 'text-success' : 'text-muted'}`}
    >
      <span
        aria-hidden="true"
        className={isDone ? '' : 'size-2 animate-pulse rounded-full bg-control'}
      >
        {isDone && '✓'}
      </span>
      <span>{isDone ? done : waiting}</span>
    </p>
  )
}
