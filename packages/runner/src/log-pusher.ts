import type { Client } from '@norrix/contract/client'
import { leases } from '@norrix/contract/leases.operations'
import type { Lease } from '@norrix/contract/types'

/** Text that waits longer than this is sent: soon enough to feel live, seldom enough not to be one request a line. */
const delayMs = 150
/** Characters in one request, well below what the operation takes. */
const pieceMax = 128 * 1024
/** With this much unsent the build waits: memory stays bounded when the network is slower than the build. */
const unsentMax = 1024 * 1024

export interface LogPusher {
  /** Takes text; waits while too much is unsent. @throws Fault lease_lost */
  say(text: string): Promise<void>
  /** Sends what is left. @throws Fault lease_lost */
  flush(): Promise<void>
}

/** Sends a build's log in order, each piece at the offset where the last one ended. */
export function logPusher(options: {
  client: Client
  lease: Lease
  insist: <T>(call: () => Promise<T>) => Promise<T>
}): LogPusher {
  const { client, lease, insist } = options
  const params = { leaseId: lease.id }
  let unsent = ''
  let offset = lease.logOffset
  let sending: Promise<void> | undefined

  const sendAll = async (): Promise<void> => {
    while (unsent !== '') {
      const text = cut(unsent)
      const body = { offset, text }
      const { nextOffset } = await insist(() => client.call(leases.appendLog, { params, body }))
      offset = nextOffset
      unsent = unsent.slice(text.length)
    }
  }
  const send = (): Promise<void> => {
    sending ??= sendAll().finally(() => (sending = undefined))
    return sending
  }
  let timer: NodeJS.Timeout | undefined
  return {
    async say(text) {
      unsent += text
      if (unsent.length > unsentMax) return send()
      // A failure here is the lease's end, which `flush` and the next `say` beyond the limit report.
      timer ??= setTimeout(() => {
        timer = undefined
        send().catch(() => {})
      }, delayMs)
    },
    async flush() {
      clearTimeout(timer)
      timer = undefined
      await send()
      // What came while the last piece was on its way.
      await send()
    },
  }
}

/** The first piece, never cutting a surrogate pair in two. */
function cut(text: string): string {
  if (text.length <= pieceMax) return text
  const last = text.charCodeAt(pieceMax - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? pieceMax - 1 : pieceMax)
}
