import { createServer, type RequestListener, type Server } from 'node:http'
import { Fault } from '@norrix/contract/fault'

/**
 * Takes the port. `localhost` means both loopback addresses, since browsers and tools differ in which they try first.
 *
 * @param answer gets every request from the first moment on: one that nobody listens to would never be answered
 * @throws Fault port_taken, or config_file for an address that this machine or this user cannot have
 */
export async function listen(
  address: { readonly host: string; readonly port: number },
  answer: RequestListener,
): Promise<{ servers: readonly Server[]; port: number }> {
  if (address.host !== 'localhost') {
    const server = await listenOn(address.host, address.port, answer)
    return { servers: [server], port: portOf(server) }
  }
  for (;;) {
    const first = await listenOn('127.0.0.1', address.port, answer)
    const port = portOf(first)
    try {
      return { servers: [first, await listenOn('::1', port, answer)], port }
    } catch (error) {
      const isTaken = error instanceof Fault && error.code === 'port_taken'
      // A machine without IPv6 is served on the other address alone.
      if (!isTaken) return { servers: [first], port }
      // Whoever has the port on the other address would get half of what is meant for this server.
      first.close()
      if (address.port !== 0) throw error
    }
  }
}

export function listenOn(host: string, port: number, answer: RequestListener): Promise<Server> {
  const server = createServer(answer)
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE' ? portTaken(host, port, cause) : noAddress(host, port, cause),
      )
    })
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error')
      resolve(server)
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return address.port
}

function portTaken(host: string, port: number, cause: Error): Fault {
  return new Fault('port_taken', {
    message: `Port ${port} on ${host} is taken by another program.`,
    fix: 'stop that program, or set `listen.port` in norrix-server.json (or NORRIX_PROD_PORT, NORRIX_DEV_PORT)',
    cause,
  })
}

function noAddress(host: string, port: number, cause: NodeJS.ErrnoException): Fault {
  return new Fault('config_file', {
    message: `Nothing can listen on port ${port} of ${host} here (${cause.code ?? cause.message}).`,
    fix: 'set `listen.host` and `listen.port` in norrix-server.json to an address of this machine and a port from 1024',
    cause,
  })
}

/** Takes no new request, lets those under way end for at most `limitMs`, then closes what is left. */
export async function closeAll(servers: readonly Server[], limitMs: number): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          const cut = setTimeout(() => server.closeAllConnections(), limitMs)
          // A connection whose last request has ended is kept open for a next one, which must not come.
          const idle = setInterval(() => server.closeIdleConnections(), 50)
          server.close(() => {
            clearTimeout(cut)
            clearInterval(idle)
            resolve()
          })
          server.closeIdleConnections()
        }),
    ),
  )
}
