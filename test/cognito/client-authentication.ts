import type { Call } from './exchange.ts'
import type { AppClient, Pool } from './pool.ts'

/**
 * Who calls: `client_secret_basic`, `client_secret_post`, or a bare `client_id` for a public client.
 * Undefined when the client is unknown, its secret is wrong or missing, or header and body disagree.
 */
export function authenticateClient(pool: Pool, call: Call): AppClient | undefined {
  const header = basic(call.headers.authorization)
  const bodyId = call.form.get('client_id') ?? undefined
  if (header !== undefined && bodyId !== undefined && header.id !== bodyId) return undefined
  const client = pool.clients.get(header?.id ?? bodyId ?? '')
  const secret = header?.secret ?? call.form.get('client_secret') ?? undefined
  return client !== undefined && client.clientSecret === secret ? client : undefined
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before base64. */
function basic(header: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic (?<credentials>[A-Za-z0-9+/=]+)$/.exec(header ?? '')?.groups?.[
    'credentials'
  ]
  if (encoded === undefined) return undefined
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  return { id: decodeURIComponent(id), secret: decodeURIComponent(rest.join(':')) }
}
