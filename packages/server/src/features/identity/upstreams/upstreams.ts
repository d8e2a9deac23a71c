import { Fault } from '@norrix/contract/fault'
import type { IdentityConfig, UpstreamConfig } from '../config.ts'
import { cognitoUpstream } from './cognito.ts'
import { embedded } from './embedded.ts'
import { isLoopback, oidcUpstream } from './oidc.ts'
import type { ExternalUpstream, Upstream } from './upstream.ts'

/** The upstreams of an environment, in the order of its configuration. */
export interface Upstreams {
  readonly all: readonly Upstream[]
  readonly hasEmbedded: boolean
  readonly external: readonly ExternalUpstream[]
  /** @throws Fault not_found */
  externalById(id: string): ExternalUpstream
  /** What an account's people know its upstream by. */
  nameOf(issuer: string): string
}

/** @throws Fault config_file when there is none, two are the same, or one cannot be right */
export function createUpstreams(
  config: Pick<IdentityConfig, 'upstreams' | 'publicUrl'>,
): Upstreams {
  const weAreLocal = isLoopback(new URL(config.publicUrl))
  const all = config.upstreams.map((upstream) => create(upstream, weAreLocal))
  const ids = all.map(({ id }) => id)
  const issuers = all.map(({ issuer }) => issuer)
  if (all.length === 0 || new Set(ids).size < all.length || new Set(issuers).size < all.length) {
    throw new Fault('config_file', {
      message: 'The upstreams of an environment need at least one entry, and no two alike.',
      fix: 'mend `upstreams` in norrix-server.json',
    })
  }
  const external = all.filter((upstream) => upstream.kind === 'external')
  return {
    all,
    hasEmbedded: all.some(({ kind }) => kind === 'embedded'),
    external,
    externalById(id) {
      const found = external.find((upstream) => upstream.id === id)
      if (!found) {
        throw new Fault('not_found', { message: 'This server knows no such way to sign in.' })
      }
      return found
    },
    nameOf: (issuer) => all.find((upstream) => upstream.issuer === issuer)?.name ?? issuer,
  }
}

function create(config: UpstreamConfig, weAreLocal: boolean): Upstream {
  switch (config.kind) {
    case 'embedded':
      return embedded
    case 'cognito':
      return cognitoUpstream(config, weAreLocal)
    case 'oidc':
      return oidcUpstream({
        ...config,
        id: slug(config.name),
        scopes: config.scopes ?? ['openid', 'email', 'profile'],
        weAreLocal,
      })
  }
}

/** A name as part of a path: `Acme SSO` is `oidc-acme-sso`. */
function slug(name: string): string {
  const letters = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return `oidc-${letters}`
}
