import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Button } from './Button.tsx'
import { join } from './join.ts'

type CopyState = 'idle' | 'copied' | 'by-hand'

/**
 * A text with a Copy button. Where the page has no clipboard (plain http away from localhost) the text is
 * selected and the keys to press are named.
 */
export function Copyable({
  text,
  label,
  onCopied,
  lines = false,
}: {
  readonly text: string
  /** What it is, for the button's name: "Copy key". */
  readonly label: string
  readonly onCopied?: () => void
  /** A block of several lines instead of one that breaks anywhere. */
  readonly lines?: boolean
}): ReactNode {
  const ref = useRef<HTMLElement>(null)
  const [state, setState] = useCopyState()
  const copy = async (): Promise<void> => {
    if (await writeToClipboard(text)) {
      setState('copied')
      onCopied?.()
    } else {
      selectAll(ref.current)
      setState('by-hand')
    }
  }
  return (
    <div>
      <div className="flex items-start gap-2 rounded-md border border-border bg-sunken p-2 pl-3">
        <code
          ref={ref}
          // Copied by hand counts, too.
          onCopy={onCopied}
          className={join(
            'min-w-0 flex-1 py-1 font-mono text-[13px] leading-relaxed select-all',
            lines ? 'overflow-x-auto whitespace-pre' : 'break-all',
          )}
        >
          {text}
        </code>
        <Button size="small" aria-label={`Copy ${label}`} onClick={() => void copy()}>
          {state === 'copied' ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <p aria-live="polite" className="mt-1 text-[13px] text-muted empty:hidden">
        {state === 'by-hand' && `Selected. Press ${isApple() ? '⌘C' : 'Ctrl+C'} to copy.`}
      </p>
    </div>
  )
}

/** A Copy button by itself, for a text that is shown shortened beside it. */
export function CopyButton({
  text,
  label,
}: {
  readonly text: string
  readonly label: string
}): ReactNode {
  const [state, setState] = useCopyState()
  const copy = async (): Promise<void> =>
    setState((await writeToClipboard(text)) ? 'copied' : 'by-hand')
  if (state === 'by-hand') return <code className="break-all select-all">{text}</code>
  return (
    <Button look="quiet" size="small" aria-label={`Copy ${label}`} onClick={() => void copy()}>
      {state === 'copied' ? 'Copied' : 'Copy'}
    </Button>
  )
}

/** "Copied" goes away by itself; "press Ctrl+C" stays until it is done. */
function useCopyState(): [CopyState, (state: CopyState) => void] {
  const [state, setState] = useState<CopyState>('idle')
  useEffect(() => {
    if (state !== 'copied') return
    const timer = setTimeout(() => setState('idle'), 4_000)
    return () => clearTimeout(timer)
  }, [state])
  return [state, setState]
}

async function writeToClipboard(text: string): Promise<boolean> {
  try {
    // The DOM types say it is always there; on an insecure origin it is not.
    const clipboard = navigator.clipboard as Clipboard | undefined
    if (!clipboard) return false
    await clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

function selectAll(element: HTMLElement | null): void {
  if (element) getSelection()?.selectAllChildren(element)
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent)
}
