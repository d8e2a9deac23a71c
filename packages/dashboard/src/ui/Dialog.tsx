import { Dialog as Base } from '@base-ui/react/dialog'
import type { ReactNode, RefObject } from 'react'
import { join } from './join.ts'

/**
 * A modal dialog, open for as long as it is rendered: focus stays inside, and goes back to where it came from.
 * Escape and a press beside it call `onClose`, which decides.
 */
export function Dialog({
  onClose,
  title,
  lead,
  children,
  wide = false,
  initialFocus,
}: {
  readonly onClose: () => void
  readonly title: ReactNode
  /** What the dialog is about, read out with its title. */
  readonly lead?: ReactNode
  readonly children: ReactNode
  readonly wide?: boolean
  readonly initialFocus?: RefObject<HTMLElement | null>
}): ReactNode {
  return (
    <Base.Root open onOpenChange={(next) => !next && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-backdrop" />
        <Base.Viewport className="fixed inset-0 z-50 flex items-start justify-center overflow-y-auto p-3 sm:items-center sm:p-6">
          <Base.Popup
            initialFocus={initialFocus}
            className={join(
              'w-full rounded-xl border border-border bg-surface p-5 shadow-2xl outline-none sm:p-6',
              wide ? 'max-w-2xl' : 'max-w-lg',
            )}
          >
            <Base.Title className="text-lg leading-snug font-semibold">{title}</Base.Title>
            {lead !== undefined && (
              <Base.Description className="mt-1 text-sm text-muted">{lead}</Base.Description>
            )}
            <div className="mt-4">{children}</div>
          </Base.Popup>
        </Base.Viewport>
      </Base.Portal>
    </Base.Root>
  )
}

/** The row of buttons that ends a dialog; the last one is what it is for. */
export function DialogButtons({ children }: { readonly children: ReactNode }): ReactNode {
  return <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>
}
