import type { ReactNode } from 'react'
import { Copyable } from '../ui/Copy.tsx'

/** One step of a way: a sentence and what to type. */
export function Step({
  text,
  command,
  label,
}: {
  readonly text: ReactNode
  readonly command: string
  readonly label: string
}): ReactNode {
  return (
    <li>
      <p className="mb-1 text-sm text-text">{text}</p>
      <Copyable text={command} label={label} lines={command.includes('\n')} />
    </li>
  )
}
