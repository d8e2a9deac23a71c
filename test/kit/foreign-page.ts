import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Pages of somebody else on another port of this machine: another origin, and yet the same site (ruling 21). */
export interface ForeignPages {
  readonly origin: string
  /** Addresses that were asked for, in order. */
  readonly asked: readonly string[]
  /** Gives the page an address. */
  serve(path: string, html: string): string
  stop(): Promise<void>
}

export async function startForeignPages(): Promise<ForeignPages> {
  const pages = new Map<string, string>()
  const asked: string[] = []
  const server = createServer((req, res) => {
    asked.push(req.url ?? '')
    const html = pages.get(new URL(req.url ?? '/', 'http://localhost').pathname)
    res.writeHead(html === undefined ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8' })
    res.end(html)
  })
  await new Promise<void>((resolve) => void server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo // it listens on TCP
  const origin = `http://localhost:${port}`
  return {
    origin,
    asked,
    serve(path, html) {
      pages.set(path, `<!doctype html><title>a foreign page</title>${html}`)
      return origin + path
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
