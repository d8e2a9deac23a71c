import type { KoaContextWithOIDC } from 'oidc-provider'
import type { Database } from '../../../kernel/db/database.ts'
import type { Effects } from '../../../kernel/effects.ts'
import type { Tables } from '../../../schema/index.ts'
import { extendState, findState } from '../states.ts'
import { refreshIdleSeconds, refreshLifeSeconds } from './policy.ts'

/**
 * A refresh token that was used lives another 30 days, and 90 days in all (auth C1). The same token stays, so its row is
 * rewritten; one that was revoked meanwhile is not brought back.
 */
export async function extendRefresh(
  ctx: Partial<Pick<KoaContextWithOIDC, 'oidc'>> & { readonly status: number },
  { db, effects }: { db: Database<Tables>; effects: Effects },
): Promise<void> {
  const token = ctx.oidc?.refreshToken
  if (!token || ctx.status !== 200 || ctx.oidc?.params?.['grant_type'] !== 'refresh_token') return
  const key = { model: 'RefreshToken', id: token.jti }
  const found = await findState(db.kysely, key, effects.now())
  if (!found) return
  const born = token.iiat ?? token.iat
  const exp = Math.min(
    Math.floor(effects.now() / 1000) + refreshIdleSeconds,
    born + refreshLifeSeconds,
  )
  await extendState(db.kysely, key, {
    payload: { ...found.payload, exp },
    expiresAt: exp * 1000,
  })
}
