import type { ComponentProps, ReactNode } from 'react'
import { join } from './join.ts'

export type ButtonLook = 'primary' | 'plain' | 'danger' | 'quiet' | 'quiet-danger'

const looks: Readonly<Record<ButtonLook, string>> = {
  primary: 'border-transparent bg-accent text-on-accent hover:bg-accent-hover',
  plain: 'border-control bg-surface text-text hover:bg-sunken',
  danger: 'border-transparent bg-danger text-on-danger hover:bg-danger-hover',
  quiet: 'border-transparent bg-transparent text-accent hover:bg-accent-soft',
  'quiet-danger': 'border-transparent bg-transparent text-danger hover:bg-danger-soft',
}

/** What all that is pressed looks like; for a link that is meant as a button, too. */
export function buttonClass(
  look: ButtonLook = 'plain',
  size: 'normal' | 'small' = 'normal',
): string {
  return join(
    'inline-flex items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap',
    size === 'small' ? 'min-h-7 px-2 text-[13px]' : 'min-h-9 px-3.5 text-sm',
    looks[look],
  )
}

/** A button. `busy` keeps it focusable and says so, and a second press does nothing. */
export function Button({
  look,
  size,
  busy,
  className,
  onClick,
  ...rest
}: ComponentProps<'button'> & {
  readonly look?: ButtonLook
  readonly size?: 'normal' | 'small'
  readonly busy?: boolean
}): ReactNode {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy}
      aria-disabled={busy}
      onClick={(event) => (busy === true ? event.preventDefault() : onClick?.(event))}
      className={join(buttonClass(look, size), busy === true && 'opacity-70', className)}
    />
  )
}
