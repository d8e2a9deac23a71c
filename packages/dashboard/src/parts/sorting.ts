import type { AddressState } from './address.ts'

/**
 * What a table needs to sort its rows: nothing where the list goes on on another page, for the rows of one page in order
 * would pass for the order of all.
 */
export function sortingOf(
  { cursor, sort }: AddressState,
  next: string | null,
  change: (change: AddressState) => void,
): { readonly sort?: string | undefined; readonly onSort?: (sort: string | undefined) => void } {
  if (cursor !== undefined || next !== null) return {}
  return { sort, onSort: (chosen) => change({ sort: chosen }) }
}
