import { embeddedIssuer } from '../accounts/account.ts'
import type { EmbeddedUpstream } from './upstream.ts'

export const embedded: EmbeddedUpstream = {
  kind: 'embedded',
  id: 'embedded',
  name: 'Norrix account',
  issuer: embeddedIssuer,
}
