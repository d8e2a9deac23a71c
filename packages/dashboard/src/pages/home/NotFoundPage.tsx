import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { paths } from '../../paths.ts'
import { buttonClass } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'

/** An address that leads nowhere. */
export function NotFoundPage(): ReactNode {
  return (
    <main className="mx-auto max-w-xl px-3 py-20">
      <title>Not found · Norrix</title>
      <Notice
        heading="h1"
        title="There is no such page"
        actions={
          <Link to={paths.home} className={buttonClass('primary')}>
            Go to your builds
          </Link>
        }
      >
        The address may be mistyped, or what was there is gone.
      </Notice>
    </main>
  )
}
