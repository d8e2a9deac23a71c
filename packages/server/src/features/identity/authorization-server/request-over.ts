import { Fault } from '@norrix/contract/fault'

/** For a page whose request is gone, answered, or another browser's: which of these is nobody's business. */
export function requestOver(cause: unknown): Fault {
  return new Fault('not_found', {
    message: 'This sign-in is over, or was begun in another browser.',
    fix: 'begin again where you came from: `norrix sign-in`, or the dashboard',
    cause,
  })
}
