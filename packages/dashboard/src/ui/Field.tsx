import { useId, type ComponentProps, type ReactNode } from 'react'
import { join } from './join.ts'

export const inputClass =
  'min-h-9 w-full rounded-md border border-control bg-surface px-3 text-base sm:text-sm text-text placeholder:text-muted'

/** A text field with its label, and the fault of what is in it. */
export function TextField({
  label,
  hint,
  fault,
  className,
  ...input
}: ComponentProps<'input'> & {
  readonly label: string
  readonly hint?: ReactNode
  readonly fault?: string | undefined
}): ReactNode {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-sm font-medium">
        {label}
      </label>
      <input
        {...input}
        id={id}
        aria-invalid={fault !== undefined}
        aria-describedby={`${id}-note`}
        className={join(inputClass, fault !== undefined && 'border-danger')}
      />
      <Note id={`${id}-note`} fault={fault}>
        {hint}
      </Note>
    </div>
  )
}

/** The sentence under a field: a hint, or what is wrong. It is read out when it changes. */
export function Note({
  id,
  fault,
  children,
}: {
  readonly id: string
  readonly fault?: string | undefined
  readonly children?: ReactNode
}): ReactNode {
  return (
    <p
      id={id}
      aria-live="polite"
      className={join(
        'text-[13px]',
        fault === undefined ? 'text-muted' : 'text-danger',
        'mt-1 empty:hidden',
      )}
    >
      {fault ?? children}
    </p>
  )
}

/** A choice among few, side by side: a group of radio buttons that looks like one control. */
export function Choice<T extends string>({
  legend,
  options,
  value,
  onChange,
}: {
  readonly legend: string
  readonly options: readonly { readonly value: T; readonly label: string }[]
  readonly value: T
  readonly onChange: (value: T) => void
}): ReactNode {
  const name = useId()
  return (
    <fieldset>
      <legend className="mb-1 text-sm font-medium">{legend}</legend>
      <div className="flex flex-wrap gap-1.5">
        {options.map((option) => (
          <label
            key={option.value}
            className="inline-flex min-h-8 items-center rounded-md border border-control px-2.5 text-sm has-checked:border-accent has-checked:bg-accent-soft has-checked:font-medium has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="radio"
              name={name}
              className="sr-only"
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

/** A box to tick, with a name and a sentence about it. */
export function CheckBox({
  label,
  about,
  ...input
}: ComponentProps<'input'> & { readonly label: ReactNode; readonly about?: string }): ReactNode {
  return (
    <label className="flex items-start gap-2.5 py-1 text-sm">
      <input {...input} type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" />
      <span>
        {label}
        {about !== undefined && <span className="ml-2 text-muted">{about}</span>}
      </span>
    </label>
  )
}

/** A menu of a table's filter. */
export function Filter({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string
  readonly value: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  readonly onChange: (value: string) => void
}): ReactNode {
  return (
    <label className="inline-flex items-center gap-2 text-sm text-muted">
      {label}
      <select
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="min-h-8 rounded-md border border-control bg-surface px-2 text-sm text-text"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  )
}
