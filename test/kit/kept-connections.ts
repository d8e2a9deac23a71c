import { Agent, request, type IncomingMessage } from 'node:http'

export interface Answered {
  readonly status: number
  /** Read only where the status is not 200. */
  readonly text: string
}

/** Asks one server over connections that are kept, at little cost: the servers it asks share its processors. */
export interface KeptConnections {
  /** @param headersFor asked anew where a request has to be sent again: a proof of a key is taken once */
  get(path: string, headersFor: () => Promise<Readonly<Record<string, string>>>): Promise<Answered>
  /** How many were opened. */
  readonly opened: number
  close(): void
}

export function keptConnections(origin: string): KeptConnections {
  const { hostname, port } = new URL(origin)
  const agent = new Agent({ keepAlive: true })
  let opened = 0
  const get: KeptConnections['get'] = async (path, headersFor) => {
    const headers = await headersFor()
    return new Promise((resolve, reject) => {
      const asking = request({ agent, hostname, port, path, headers }, (answer) => {
        void read(answer).then(resolve, reject)
      })
      asking.once('socket', () => (opened += asking.reusedSocket ? 0 : 1))
      asking.once('error', (error) => {
        // Closed, after seconds without use, in the moment in which it was used again.
        if (asking.reusedSocket && isReset(error)) get(path, headersFor).then(resolve, reject)
        else reject(error)
      })
      asking.end()
    })
  }
  return {
    get,
    get opened() {
      return opened
    },
    close: () => agent.destroy(),
  }
}

function isReset(error: Error): boolean {
  return 'code' in error && error.code === 'ECONNRESET'
}

async function read(answer: IncomingMessage): Promise<Answered> {
  const { statusCode: status = 0 } = answer
  let text = ''
  if (status === 200) answer.resume()
  else answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  await new Promise<void>((resolve, reject) => {
    answer.once('end', resolve).once('error', reject)
  })
  return { status, text }
}
