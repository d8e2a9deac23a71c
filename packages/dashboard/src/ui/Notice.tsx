import type { ReactNode } from 'react'
import { join } from './join.ts'

/** What fills a page or panel that has nothing else to show: empty, not found, forbidden, failed. */
export function Notice({
  title,
  children,
  actions,
  alert = false,
  heading: Heading = 'h2',
}: {
  readonly title: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
  /** Something went wrong: it is read out at once. */
  readonly alert?: boolean
  /** `h1` where it is the whole page. */
  readonly heading?: 'h1' | 'h2' | undefined
}): ReactNode {
  return (
    <div
      role={alert ? 'alert' : undefined}
      className="rounded-xl border border-border bg-surface px-5 py-8 text-center sm:px-8"
    >
      <Heading className="text-base font-semibold">{title}</Heading>
      <div className="mx-auto mt-1 max-w-prose text-sm text-muted">{children}</div>
      {actions !== undefined && (
        <div className="mt-4 flex flex-wrap justify-center gap-2">{actions}</div>
      )}
    </div>
  )
}

/** One sentence inside a page or dialog. */
export function Banner({
  tone,
  children,
}: {
  readonly tone: 'danger' | 'warning' | 'success'
  readonly children: ReactNode
}): ReactNode {
  const colours = {
    danger: 'bg-danger-soft text-danger',
    warning: 'bg-warning-soft text-warning',
    success: 'bg-success-soft text-success',
  }
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={join('rounded-md px-3 py-2 text-sm', colours[tone])}
    >
      {children}
    </div>
  )
}

/** Grey rows where a table or panel is about to be. */
export function Loading({ rows = 4 }: { readonly rows?: number }): ReactNode {
  return (
    <div role="status" className="animate-pulse rounded-xl border border-border bg-surface">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex gap-4 border-b border-border p-4 last:border-0">
          <div className="h-4 w-1/3 rounded bg-border" />
          <div className="h-4 w-1/5 rounded bg-border" />
          <div className="h-4 w-1/6 rounded bg-border" />
        </div>
      ))}
    </div>
  )
}
