import type { ReactNode } from 'react'
import { Choice, TextField } from '../../ui/Field.tsx'
import { utcTime } from '../../ui/Time.tsx'
import { dayOf, endOf, terms, type Term } from './expiration.ts'

/** Never, in a while, or on a day, with the very second in the viewer's zone and in UTC. */
export function ExpirationField({
  term,
  day,
  onChange,
  fault,
}: {
  readonly term: Term
  readonly day: string
  readonly onChange: (change: { readonly term?: Term; readonly day?: string }) => void
  readonly fault: string | undefined
}): ReactNode {
  const now = new Date()
  const end = endOf(term, day, now)
  return (
    <div>
      <Choice
        legend="Expiration date (optional)"
        options={terms}
        value={term}
        onChange={(next) => onChange({ term: next })}
      />
      {term === 'date' && (
        <TextField
          type="date"
          name="day"
          label="Last day"
          className="mt-3 max-w-52"
          min={dayOf(now)}
          value={day}
          onChange={({ target }) => onChange({ day: target.value })}
          fault={fault}
        />
      )}
      <p aria-live="polite" className="mt-2 text-[13px] text-muted">
        {end === null
          ? 'The key works until it is revoked.'
          : end && `Works until ${localTime(end)}, which is ${utcTime(end)}.`}
      </p>
    </div>
  )
}

function localTime(date: Date): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  const text = date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
  return `${text} (${zone})`
}
