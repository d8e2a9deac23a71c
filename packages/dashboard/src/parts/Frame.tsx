import type { ReactNode } from 'react'
import { TopBar } from './TopBar.tsx'

/** The top bar, room for navigation, and the page. */
export function Frame({
  orgId,
  nav,
  children,
}: {
  readonly orgId?: string
  readonly nav?: ReactNode
  readonly children: ReactNode
}): ReactNode {
  return (
    <>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <TopBar orgId={orgId} />
      <div className="mx-auto flex max-w-7xl flex-col gap-x-8 px-3 sm:px-5 lg:flex-row">
        {nav}
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 py-6">
          {children}
        </main>
      </div>
    </>
  )
}
