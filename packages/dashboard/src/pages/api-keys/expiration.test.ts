import { expect, test } from 'vitest'
import { dayOf, endOf } from './expiration.ts'

const now = new Date(2026, 10, 24, 9, 30)

test('no expiration means never', () => {
  expect(endOf('never', '', now)).toBeNull()
})

test.each([
  ['30', new Date(2026, 11, 24, 23, 59, 59)],
  ['90', new Date(2027, 1, 22, 23, 59, 59)],
  ['365', new Date(2027, 10, 24, 23, 59, 59)],
] as const)('%s days end with the last second of a day of the viewer', (term, end) => {
  expect(endOf(term, '', now)).toEqual(end)
})

test('a picked day ends with its last second, whatever the zone changes to until then', () => {
  expect(endOf('date', '2027-07-01', now)).toEqual(new Date(2027, 6, 1, 23, 59, 59))
})

test.each(['', 'soon', '2027-02-30', '2027-13-01'])('%j is no day', (day) => {
  expect(endOf('date', day, now)).toBeUndefined()
})

test('a day is written as a date field reads it', () => {
  expect(dayOf(new Date(2026, 0, 5))).toBe('2026-01-05')
})
