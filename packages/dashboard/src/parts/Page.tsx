import type { ReactNode } from 'react'

/** The frame of every page: its title in the browser's tab and as its heading, and what can be done there. */
export function Page({
  title,
  heading,
  place,
  about,
  actions,
  children,
}: {
  readonly title: string
  /** Where it is not just the title again. */
  readonly heading?: ReactNode
  /** The organization, for the browser's tab. */
  readonly place?: string | undefined
  readonly about?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  return (
    <>
      <title>{[title, place, 'Norrix'].filter((part) => part !== undefined).join(' · ')}</title>
      <div className="mb-5 flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0">
          <h1 className="text-xl leading-tight font-semibold">{heading ?? title}</h1>
          {about !== undefined && <div className="mt-1 text-sm text-muted">{about}</div>}
        </div>
        {actions}
      </div>
      {children}
    </>
  )
}
