import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** What happens to one connection, in bytes that went through it in both directions. */
export interface Roughness {
  /** Cut when so many bytes have gone through. */
  readonly cutAfterBytes?: number
  /** Nothing more goes through for `stallMs` when so many bytes have. */
  readonly stallAfterBytes?: number
  readonly stallMs?: number
}

export interface RoughProxy {
  readonly url: string
  /** Connections that were cut. */
  readonly cuts: number
  close(): Promise<void>
}

/** A TCP proxy before a server on this machine that cuts and stalls connections; `next` says how, for each in turn. */
export async function roughProxy(url: string, next: () => Roughness): Promise<RoughProxy> {
  const target = Number(new URL(url).port)
  const open = new Set<Socket>()
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    const { cutAfterBytes, stallAfterBytes, stallMs } = next()
    let passed = 0
    const cut = (): void => {
      client.resetAndDestroy()
      upstream.destroy()
    }
    const carry = (from: Socket, to: Socket): void => {
      open.add(from)
      from.on('error', cut)
      from.on('close', () => {
        open.delete(from)
        to.end()
      })
      from.on('data', (bytes: Buffer) => {
        const before = passed
        passed += bytes.length
        if (cutAfterBytes !== undefined && passed >= cutAfterBytes) {
          cuts += 1
          to.write(bytes.subarray(0, cutAfterBytes - before))
          return cut()
        }
        if (!to.write(bytes)) {
          from.pause()
          to.once('drain', () => from.resume())
        }
        if (stallAfterBytes === undefined || before >= stallAfterBytes || passed < stallAfterBytes)
          return
        from.pause()
        setTimeout(() => from.resume(), stallMs)
      })
    }
    carry(client, upstream)
    carry(upstream, client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // as: it listens on a port
  return {
    url: `http://127.0.0.1:${port}`,
    get cuts() {
      return cuts
    },
    async close() {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
