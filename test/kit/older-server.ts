import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Stands for an older server: a door before a real one through which some addresses lead to one that the real server does
 * not know either, so that the answer is the real server's own.
 *
 * @param unknown paths that begin so are not known behind the door
 */
export async function olderServer(
  realUrl: string,
  unknown: RegExp,
): Promise<{ readonly url: string; close(): void }> {
  const real = new URL(realUrl)
  const door: Server = createServer((req, res) => {
    const asked = req.url ?? '/'
    const path = unknown.test(asked) ? '/api/of-a-later-version' : asked
    const headers = { ...req.headers, host: real.host }
    const onward = request(
      { host: real.hostname, port: real.port, method: req.method, path, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(res)
      },
    )
    onward.on('error', () => res.destroy())
    req.pipe(onward)
  })
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
  const { port } = door.address() as AddressInfo // a TCP server has one while it listens
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      door.close()
      door.closeAllConnections()
    },
  }
}
