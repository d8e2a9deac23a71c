import type { ReactNode } from 'react'

/** Ways to the pages beside this one: a column on a wide screen, a row on a narrow one. */
export function SideNav({
  label,
  children,
}: {
  readonly label: string
  /** Entries of a list, each with a link of `navLinkClass`. */
  readonly children: ReactNode
}): ReactNode {
  return (
    <nav
      aria-label={label}
      className="-mx-3 overflow-x-auto border-b border-border px-3 sm:-mx-5 sm:px-5 lg:mx-0 lg:w-40 lg:shrink-0 lg:overflow-visible lg:border-0 lg:px-0 lg:py-6"
    >
      <ul className="flex gap-1 lg:sticky lg:top-20 lg:flex-col">{children}</ul>
    </nav>
  )
}

export const navLinkClass =
  'flex min-h-10 items-center border-b-2 border-transparent px-3 text-sm whitespace-nowrap text-muted -outline-offset-2 hover:text-text lg:min-h-9 lg:rounded-md lg:border-0'

/** Of the link to the page that one is on. */
export const activeNavLink = {
  className: 'font-medium !text-text border-accent! lg:bg-accent-soft',
} as const
