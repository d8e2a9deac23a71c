import { createClient, type Input, type KnownOperation } from '@norrix/contract/client'
import { Fault, faultTable } from '@norrix/contract/fault'
import { fillPath } from '@norrix/contract/operation'
import type { Output } from '@norrix/contract/types'

export type { Input } from '@norrix/contract/client'

/**
 * Asks our own server, with the browser's session cookie.
 *
 * @returns what the operation puts out; undefined where it puts out nothing
 * @throws Fault the server's own, or `network`, or `not_norrix`. A session that is over throws nothing: the browser
 *   leaves for the sign-in page and comes back here.
 */
export async function call<O extends KnownOperation>(
  operation: O,
  input: Input<O['id']>,
): Promise<Output<O['id']>> {
  try {
    return await createClient({ baseUrl: location.origin }).call(operation, input)
  } catch (error) {
    if (error instanceof Fault && faultTable[error.code].status === 401) return leaveForSignIn()
    throw error
  }
}

/** The address of an operation's answer, for what the browser fetches itself: downloads and event streams. */
export function addressOf(
  operation: KnownOperation,
  params: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string>> = {},
): string {
  const search = new URLSearchParams(query).toString()
  return fillPath(operation.path, params) + (search === '' ? '' : `?${search}`)
}

/** Never settles: the page is about to go, and nothing of it should flicker into a fault before. */
function leaveForSignIn(): Promise<never> {
  const returnTo = encodeURIComponent(location.pathname + location.search)
  location.assign(`/sign-in?return_to=${returnTo}`)
  return new Promise(() => {})
}
