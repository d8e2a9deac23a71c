import { createClient } from '@norrix/contract/client'
import { sessions as operations } from '@norrix/contract/sessions.operations'
import type { SessionRecord } from '../home/sessions.ts'
import { ask } from '../needs/http.ts'
import { boundHeaders } from '../needs/proof.ts'
import { isAccessOver } from '../needs/refresh.ts'
import { clientId } from './client-id.ts'

/**
 * Ends a session on its server: by its access token while that lives, else by giving the refresh token back (RFC 7009),
 * which ends the session too.
 *
 * @param patienceMs how long the server has
 * @returns whether the session is known to be over
 */
export async function endOnServer(record: SessionRecord, patienceMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs)
  try {
    if (!isAccessOver(record, new Date()) && (await endByAccessToken(record, signal))) return true
    return await giveBack(record, signal)
  } catch {
    // No answer, or none that says so. The caller tells the user.
    return false
  }
}

async function endByAccessToken(record: SessionRecord, signal: AbortSignal): Promise<boolean> {
  const api = createClient({
    baseUrl: record.issuer,
    fetch: ask,
    headers: (asked) => boundHeaders(asked, record, new Date()),
  })
  return api.call(operations.end, { signal }).then(
    () => true,
    () => false,
  )
}

/**
 * Gives a refresh token back (RFC 7009). An answer of success says that the token opens nothing any more, known there before or not.
 */
export async function giveBack(
  record: Pick<SessionRecord, 'revocationEndpoint' | 'refreshToken'>,
  signal: AbortSignal,
): Promise<boolean> {
  const answer = await ask(record.revocationEndpoint, {
    method: 'POST',
    body: new URLSearchParams({
      token: record.refreshToken,
      token_type_hint: 'refresh_token',
      client_id: clientId,
    }),
    signal,
  })
  const text = await answer.text()
  // The success of RFC 7009 section 2.2 has an empty body; a captive portal's page has not.
  return answer.status === 200 && text.trim() === ''
}
