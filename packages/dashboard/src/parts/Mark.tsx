import type { ReactNode } from 'react'

/** The north star and the name. */
export function Mark(): ReactNode {
  return (
    <span className="inline-flex items-center gap-1.5 font-semibold tracking-tight">
      <svg aria-hidden="true" viewBox="0 0 24 24" className="size-5 text-accent">
        <path
          fill="currentColor"
          d="M12 1c.9 6.6 3.4 9.6 11 11-7.6 1.4-10.1 4.4-11 11-.9-6.6-3.4-9.6-11-11C8.6 10.6 11.1 7.6 12 1Z"
        />
      </svg>
      <span className="max-sm:sr-only">norrix</span>
    </span>
  )
}
