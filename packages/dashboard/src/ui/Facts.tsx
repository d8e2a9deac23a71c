import type { ReactNode } from 'react'

/** Names and values, one under the other. A fact without a value is left out. */
export function Facts({
  facts,
}: {
  readonly facts: readonly { readonly name: string; readonly value: ReactNode }[]
}): ReactNode {
  const known = facts.filter(({ value }) => value !== null && value !== undefined)
  return (
    <dl className="divide-y divide-border text-sm">
      {known.map(({ name, value }) => (
        <div key={name} className="gap-4 px-4 py-2.5 sm:flex">
          <dt className="shrink-0 text-muted sm:w-40">{name}</dt>
          <dd className="min-w-0">{value}</dd>
        </div>
      ))}
    </dl>
  )
}
