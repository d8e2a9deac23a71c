import { momentText } from '@norrix/cli/io/words'
import { identityOperator } from '../features/identity/index.ts'
import type { Call } from './command.ts'
import { withDatabase } from './environment.ts'

/** A new single-use link for the first owner, any time before the claim (ruling 14). */
export function ownerLink(call: Call): Promise<number | void> {
  const { io, around } = call
  return withDatabase(call, async (opened) => {
    const link = await identityOperator(opened).newOwnerLink()
    if (!link) {
      io.document({ kind: opened.config.kind, claimed: true, url: null, expiresAt: null })
      io.result.line(`${opened.publicUrl} has an owner; there is nothing left to claim.`)
      return 0
    }
    const expiresAt = new Date(link.expiresAt)
    io.document({ kind: opened.config.kind, claimed: false, url: link.url, expiresAt })
    io.result.line(link.url)
    io.talk.line(
      `For the first owner of ${opened.config.kind}; works once, until ${momentText(expiresAt, around.now())}.`,
    )
    return 0
  })
}
