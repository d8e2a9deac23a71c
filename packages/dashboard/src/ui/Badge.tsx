import type { ReactNode } from 'react'
import { join } from './join.ts'

export type Tone = 'neutral' | 'success' | 'danger' | 'warning' | 'info'

const tones: Readonly<Record<Tone, string>> = {
  neutral: 'bg-sunken text-muted',
  success: 'bg-success-soft text-success',
  danger: 'bg-danger-soft text-danger',
  warning: 'bg-warning-soft text-warning',
  info: 'bg-info-soft text-info',
}

/** A short word in a colour. The word says it all; the colour only helps to find it. */
export function Badge({
  tone = 'neutral',
  children,
}: {
  readonly tone?: Tone
  readonly children: ReactNode
}): ReactNode {
  return (
    <span
      className={join(
        'inline-flex items-center rounded-full px-2 py-0.5 text-xs leading-4 font-medium whitespace-nowrap',
        tones[tone],
      )}
    >
      {children}
    </span>
  )
}
