import type { ServerResponse } from 'node:http'

/**
 * Told of each answer before it begins, lets every connection end with the answer it carries once the server drains. A
 * connection that stayed open would be used again, and cut in the middle of that: whoever asked could not know whether
 * they were heard (RFC 9112 section 9.6).
 */
export function connectionsEndWhen(draining: AbortSignal): (res: ServerResponse) => void {
  const underWay = new Set<ServerResponse>()
  const drain = (): void => {
    for (const res of underWay) endWith(res)
  }
  draining.addEventListener('abort', drain, { once: true })
  return (res) => {
    if (draining.aborted) return endWith(res)
    underWay.add(res)
    res.once('close', () => underWay.delete(res))
  }
}

function endWith(res: ServerResponse): void {
  if (!res.headersSent) return void res.setHeader('Connection', 'close')
  // A stream, or a long download: its head has promised that the connection stays.
  const { socket } = res
  res.once('finish', () => socket?.destroySoon())
}
