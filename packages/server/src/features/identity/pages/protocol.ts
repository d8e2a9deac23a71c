import { Fault } from '@norrix/contract/fault'
import type { Html } from '../web/html.ts'
import type { Place } from './layout.ts'
import { faultPage } from './notice.ts'

/**
 * What the authorization server cannot send back to the client, because it does not trust where that would lead. The
 * library's own words are shown only where they say something that a person can use.
 */
export function protocolFaultPage(
  place: Place,
  page: {
    readonly out: { readonly error: string; readonly error_description?: string | undefined }
    readonly error: unknown
    readonly requestId: string
  },
): Html {
  return faultPage(place, { fault: faultOf(page.out, page.error), requestId: page.requestId })
}

function faultOf(
  out: { error: string; error_description?: string | undefined },
  cause: unknown,
): Fault {
  if (out.error === 'server_error') {
    return new Fault('internal', {
      message: 'The server failed on this sign-in.',
      fix: 'try again; if it stays, give the request id to whoever runs this server',
      cause,
    })
  }
  if (cause instanceof Error && cause.name === 'SessionNotFound') {
    return new Fault('not_found', {
      message: 'This sign-in is over, or was begun in another browser.',
      fix: 'begin again where you came from: `norrix sign-in`, or the dashboard',
      cause,
    })
  }
  return new Fault('bad_request', {
    message: `The program that sent you here asked for something that is not allowed: ${out.error_description ?? out.error}.`,
    fix: 'begin the sign-in again; if it stays, that program has to be mended',
    cause,
  })
}
