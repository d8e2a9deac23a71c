import { useNavigate, useSearch } from '@tanstack/react-router'

/** What pages keep in the address behind the `?`. */
export interface AddressState {
  readonly cursor?: string | undefined
  readonly sort?: string | undefined
  readonly platform?: string | undefined
  readonly state?: string | undefined
  readonly tab?: string | undefined
}

/** Reads and changes the state in the address. A change of filter starts at the first page again. */
export function useAddressState(): [AddressState, (change: AddressState) => void] {
  const search: AddressState = useSearch({ strict: false })
  const navigate = useNavigate()
  return [
    search,
    (change) =>
      void navigate({
        to: '.',
        search: (old: AddressState) => ({ ...old, cursor: undefined, ...change }),
        replace: true,
        resetScroll: false,
      }),
  ]
}

/** The value when it is one of those listed; anything else in the address counts as nothing. */
export function oneOf<T extends string>(
  values: readonly T[],
  text: string | undefined,
): T | undefined {
  return values.find((value) => value === text)
}
