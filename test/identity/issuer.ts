import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider, type AdapterFactory } from 'oidc-provider'

/** Somebody else's OpenID provider, which signs in one person without asking: for the upstream `oidc`. */
export interface Issuer {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who comes back next. */
  person: Person
  close(): Promise<void>
}

export interface Person {
  readonly sub: string
  readonly email: string
  readonly emailVerified: boolean
  readonly name?: string
}

export async function startIssuer(redirectUri: string, person: Person): Promise<Issuer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on TCP
  const issuer = { person }
  const clientSecret = randomBytes(16).toString('hex')
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const provider = new Provider(url, {
    adapter: memory(),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' }] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    clients: [{ client_id: 'norrix', client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: false } },
    ttl: { Session: 60, Interaction: 60, Grant: 60, AccessToken: 60, IdToken: 60 },
    interactions: { url: (_ctx, { uid }) => `/ask/${uid}` },
    renderError: async (ctx, out) => void (ctx.body = out),
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => {
        const { sub, email, emailVerified, name } = issuer.person
        return { sub, email, email_verified: emailVerified, name }
      },
    }),
  })
  const callback = provider.callback()
  server.on('request', (req, res) => {
    if (!req.url?.startsWith('/ask/')) return void callback(req, res)
    void answer(provider, issuer, { req, res }).catch(() => res.writeHead(500).end())
  })
  return Object.assign(issuer, {
    url,
    clientId: 'norrix',
    clientSecret,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

async function answer(
  provider: Provider,
  issuer: { person: Person },
  {
    req,
    res,
  }: {
    req: Parameters<Provider['interactionDetails']>[0]
    res: Parameters<Provider['interactionDetails']>[1]
  },
): Promise<void> {
  await provider.interactionDetails(req, res)
  const accountId = issuer.person.sub
  const grant = new provider.Grant({ accountId, clientId: 'norrix' })
  grant.addOIDCScope('openid email profile')
  const result = { login: { accountId }, consent: { grantId: await grant.save() } }
  await provider.interactionFinished(req, res, result)
}

/** The library's own memory adapter warns that it is one. */
function memory(): AdapterFactory {
  const rows = new Map<string, Record<string, unknown>>()
  return (model: string) => ({
    upsert: async (id, payload) => void rows.set(`${model} ${id}`, { ...payload }),
    find: async (id: string) => rows.get(`${model} ${id}`),
    findByUid: async (uid: string) => [...rows.values()].find((row) => row['uid'] === uid),
    findByUserCode: async () => undefined,
    consume: async (id: string) =>
      void Object.assign(rows.get(`${model} ${id}`) ?? {}, { consumed: 1 }),
    destroy: async (id: string) => void rows.delete(`${model} ${id}`),
    revokeByGrantId: async () => undefined,
  })
}
