import { randomBytes } from 'node:crypto'
import { createClient, type Asked, type Client } from '@norrix/contract/client'
import { sessions } from '@norrix/contract/sessions.operations'
import { boundHeaders, type Bound } from './proofs.ts'
import type { Fleet, FleetServer } from './two-servers.ts'

/** Asks one server of a fleet, as a balancer in front would, with what a browser on the public address sends. */
export function clientAt(
  fleet: Fleet,
  { origin }: FleetServer,
  credential: FleetCredential,
): Client {
  return createClient({
    baseUrl: origin,
    headers: ({ method, url }) =>
      headersAt(fleet, credential, { method, url: url.replace(origin, fleet.publicUrl) }),
  })
}

export interface FleetCredential {
  readonly cookie?: string
  /** A bearer token: of a runner or a lease. */
  readonly token?: string
  /** A session's. */
  readonly bound?: Bound
}

/** What such a request carries. @param asked on the public address, whichever server answers */
export async function headersAt(
  fleet: Fleet,
  { cookie, token, bound }: FleetCredential,
  asked: Asked,
): Promise<Record<string, string>> {
  return {
    origin: fleet.publicUrl,
    'sec-fetch-site': 'same-origin',
    ...(cookie === undefined ? {} : { cookie }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(bound && (await boundHeaders(bound, asked))),
  }
}

/** Sends the claim form to one server. The cookie of the session where the server was taken by it. */
export async function sendClaim(
  fleet: Fleet,
  server: FleetServer,
  token: string,
  who = `${randomBytes(4).toString('hex')}@example.com`,
): Promise<{ readonly status: number; readonly cookie: string | undefined }> {
  const form = { token, orgName: 'Acme', name: '', email: who, password: `only for tests ${who}` }
  const page = await fetch(`${server.origin}/claim?token=${token}`)
  const cookies = page.headers.getSetCookie().map((line) => line.split(';')[0])
  const answer = await fetch(`${server.origin}/claim`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: {
      origin: fleet.publicUrl,
      'sec-fetch-site': 'same-origin',
      cookie: cookies.join('; '),
    },
    redirect: 'manual',
  })
  const set = answer.headers.getSetCookie().find((line) => line.startsWith('norrix_prod_session='))
  return { status: answer.status, cookie: set?.split(';')[0] }
}

/** Who took the fleet: their organization and cookie. */
export async function ownerOf(
  fleet: Fleet,
  server: FleetServer,
  cookie: string,
): Promise<{ readonly orgId: string; readonly cookie: string }> {
  const { orgs } = await clientAt(fleet, server, { cookie }).call(sessions.whoami, {})
  const [first] = orgs
  if (!first) throw new Error('The claim made no organization.')
  return { orgId: first.id, cookie }
}

export function tokenOf(link: { readonly url: string } | null | undefined): string {
  return new URL(link?.url ?? '').searchParams.get('token') ?? ''
}
