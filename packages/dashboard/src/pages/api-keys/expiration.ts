/** When a key ends. A day ends at 23:59:59 in the viewer's zone (ruling 6). */

export const terms = [
  { value: 'never', label: 'No expiration' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: '1 year' },
  { value: 'date', label: 'Pick a date' },
] as const
export type Term = (typeof terms)[number]['value']

/**
 * The moment that a choice means; null for never, undefined for a date that is missing or not a day of the calendar.
 *
 * @param day `2026-12-24`, read when the term is `date`
 * @param now the viewer's clock; its time zone decides where a day ends
 */
export function endOf(term: Term, day: string, now: Date): Date | null | undefined {
  if (term === 'never') return null
  if (term === 'date') return endOfDay(day)
  if (term === '365') return lastSecond(now.getFullYear() + 1, now.getMonth(), now.getDate())
  return lastSecond(now.getFullYear(), now.getMonth(), now.getDate() + Number(term))
}

/** A day of the viewer's calendar as a date field writes it. */
export function dayOf(date: Date): string {
  const pad = (count: number): string => String(count).padStart(2, '0')
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}

function endOfDay(day: string): Date | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)?.map(Number) ?? []
  if (year === undefined || month === undefined || date === undefined) return undefined
  const end = lastSecond(year, month - 1, date)
  // 31 April rolls over into May, and month 13 into the next year: they were no days.
  return dayOf(end) === day ? end : undefined
}

function lastSecond(year: number, month: number, date: number): Date {
  return new Date(year, month, date, 23, 59, 59)
}
