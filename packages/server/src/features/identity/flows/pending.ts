import { Fault } from '@norrix/contract/fault'
import type { PendingRequest } from '../authorization-server/authorization-server.ts'
import { commandLineClientId } from '../authorization-server/clients.ts'
import type { SignInFor } from '../pages/sign-in.ts'
import type { FormsLeadTo } from '../web/send.ts'

/** Where the pages of one authorization request live; its cookie is for this path and what is below. */
export const requestPath = (uid: string): string => `/interaction/${uid}`

export function targetOf({ uid, client, device }: PendingRequest): SignInFor {
  return { path: requestPath(uid), device: client === commandLineClientId ? device : undefined }
}

export function formsLeadTo({ client, askedFrom }: PendingRequest): FormsLeadTo {
  return client === commandLineClientId && askedFrom === undefined ? 'command-line' : 'ourselves'
}

export function notPartOfThis(): Fault {
  return new Fault('not_found', {
    message: 'This step is not part of the sign-in that is open in this browser.',
    fix: 'begin the sign-in again',
  })
}
