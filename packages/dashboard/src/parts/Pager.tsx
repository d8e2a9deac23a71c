import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { buttonClass } from '../ui/Button.tsx'

/** Ways to the pages of a list beside this one; the page is in the address, so Back works. */
export function Pager({
  cursor,
  next,
}: {
  readonly cursor: string | undefined
  readonly next: string | null
}): ReactNode {
  if (cursor === undefined && next === null) return null
  return (
    <nav aria-label="Pages" className="mt-3 flex justify-between gap-2">
      {cursor === undefined ? (
        <span />
      ) : (
        <Link to="." search={(old) => ({ ...old, cursor: undefined })} className={buttonClass()}>
          ← Newest
        </Link>
      )}
      {next !== null && (
        <Link to="." search={(old) => ({ ...old, cursor: next })} className={buttonClass()}>
          Older →
        </Link>
      )}
    </nav>
  )
}
