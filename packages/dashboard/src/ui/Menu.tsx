import {
  useEffect,
  useId,
  useRef,
  useState,
  type ComponentProps,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
} from 'react'
import { join } from './join.ts'

/**
 * A button that opens a menu (ARIA Authoring Practices, menu button). Arrow keys, Home and End move; Escape and Tab
 * close it. Our own and small because it is in every page's first load, where a library's would be the largest part.
 */
export function Menu({
  label,
  trigger,
  align,
  children,
}: {
  /** What the button is for; its visible text is inside the name. */
  readonly label: string
  readonly trigger: ReactNode
  readonly align: 'start' | 'end'
  /** Gets what closes the menu, for entries that were chosen. */
  readonly children: (close: () => void) => ReactNode
}): ReactNode {
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  useCloseFromOutside(open, box, () => setOpen(false))
  useEffect(() => {
    if (open) entriesOf(box.current)[0]?.focus()
  }, [open])
  const close = (): void => {
    setOpen(false)
    button.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close()
    else if (event.key === 'Tab') setOpen(false)
    else if (moveFocus(event.key, entriesOf(box.current))) event.preventDefault()
  }
  return (
    <div ref={box} className="relative min-w-0">
      <button
        ref={button}
        type="button"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        className="inline-flex min-h-9 max-w-full min-w-0 items-center gap-1.5 rounded-md px-2 text-sm font-medium hover:bg-sunken aria-expanded:bg-sunken"
      >
        {trigger}
        <svg aria-hidden="true" viewBox="0 0 12 12" className="size-3 shrink-0 text-muted">
          <path d="m2.5 4.5 3.5 3.5 3.5-3.5" fill="none" stroke="currentColor" strokeWidth="1.5" />
        </svg>
      </button>
      {open && (
        <div
          id={id}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          onKeyDown={onKeyDown}
          className={join(
            'absolute top-full z-30 mt-1.5 max-h-[70vh] w-64 overflow-y-auto rounded-xl border border-border bg-surface p-1.5 shadow-xl',
            align === 'end' ? 'right-0' : '-left-10 sm:left-0',
          )}
        >
          {children(close)}
        </div>
      )}
    </div>
  )
}

/** How an entry looks; for an entry that is a link, too. */
export const menuItemClass =
  'flex min-h-9 w-full items-center gap-2 rounded-md px-2.5 py-1 text-left text-sm hover:bg-accent-soft focus:bg-accent-soft focus-visible:outline-offset-[-2px]'

/** An entry that does something. */
export function MenuItem(props: ComponentProps<'button'>): ReactNode {
  return <button type="button" role="menuitem" tabIndex={-1} {...props} className={menuItemClass} />
}

/** Entries of which one is chosen. */
export function MenuChoice({
  title,
  value,
  options,
  onChange,
}: {
  readonly title: string
  readonly value: string | undefined
  readonly options: readonly {
    readonly value: string
    readonly label: string
    readonly note?: string
  }[]
  readonly onChange: (value: string) => void
}): ReactNode {
  return (
    <div role="group" aria-label={title}>
      <div aria-hidden="true" className="px-2.5 py-1 text-xs text-muted">
        {title}
      </div>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          role="menuitemradio"
          tabIndex={-1}
          aria-checked={option.value === value}
          onClick={() => onChange(option.value)}
          className={menuItemClass}
        >
          <span className="min-w-0 flex-1 truncate">{option.label}</span>
          <span className="text-xs text-muted">{option.note}</span>
          <span aria-hidden="true" className={join('w-3', option.value !== value && 'invisible')}>
            ✓
          </span>
        </button>
      ))}
    </div>
  )
}

export function MenuLine(): ReactNode {
  return <div role="separator" className="-mx-1.5 my-1.5 h-px bg-border" />
}

function useCloseFromOutside(
  open: boolean,
  box: RefObject<HTMLElement | null>,
  close: () => void,
): void {
  useEffect(() => {
    if (!open) return
    const onPress = (event: PointerEvent): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close()
    }
    document.addEventListener('pointerdown', onPress)
    return () => document.removeEventListener('pointerdown', onPress)
  })
}

function entriesOf(box: HTMLElement | null): HTMLElement[] {
  return [...(box?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])]
}

/** @returns whether the key was one that moves */
function moveFocus(key: string, entries: readonly HTMLElement[]): boolean {
  const now = entries.findIndex((entry) => entry === document.activeElement)
  const places: Readonly<Record<string, number>> = {
    ArrowDown: (now + 1) % entries.length,
    ArrowUp: (now - 1 + entries.length) % entries.length,
    Home: 0,
    End: entries.length - 1,
  }
  const place = places[key]
  if (place === undefined) return false
  entries[place]?.focus()
  return true
}
