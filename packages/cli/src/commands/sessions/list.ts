import type { Client } from '@norrix/contract/client'
import { sessions as operations } from '@norrix/contract/sessions.operations'
import type { Session } from '@norrix/contract/types'
import { command } from '../../command.ts'
import { agoText } from '../../io/words.ts'

export const sessionsList = command(
  ['environment', 'credential', 'api'],
  async ({ api, io, around }) => {
    const now = around.now()
    const all = await listSessions(api, around.signal)
    io.document({ sessions: all, next: null })
    io.result.table([
      [' ', 'ID', 'DEVICE', 'SIGNED IN', 'LAST USED', 'ADDRESS'],
      ...all.map(({ id, device, createdAt, lastUsedAt, address, current }) => [
        current ? '*' : ' ',
        id,
        device,
        agoText(new Date(createdAt), now),
        agoText(new Date(lastUsedAt), now),
        address,
      ]),
    ])
  },
)

/** All of the caller's sessions, page by page. */
async function listSessions(api: Client, signal: AbortSignal): Promise<Session[]> {
  const all: Session[] = []
  let cursor: string | undefined
  do {
    const query = { limit: 100, ...(cursor !== undefined && { cursor }) }
    const page = await api.call(operations.list, { query, signal })
    all.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return all
}
