import { randomBytes } from 'node:crypto'
import { Fault } from '@norrix/contract/fault'
import { newToken } from '../../../kernel/secrets.ts'
import type { IdentityConfig } from '../config.ts'
import { callbackUri } from './trips.ts'
import { createUpstreams } from './upstreams.ts'

export interface CheckedUpstream {
  readonly name: string
  /** To be registered there, byte for byte; undefined for accounts of this server's own. */
  readonly callbackUrl: string | undefined
  /** Undefined when it answers as it should. */
  readonly problem: string | undefined
}

/**
 * Sets out to each upstream as a sign-in does, and stops before the browser would go: it proves that discovery answers.
 *
 * @throws Fault config_file
 */
export function checkUpstreams(
  config: Pick<IdentityConfig, 'upstreams' | 'publicUrl'>,
): Promise<readonly CheckedUpstream[]> {
  const { all } = createUpstreams(config)
  return Promise.all(
    all.map(async (upstream): Promise<CheckedUpstream> => {
      const { name } = upstream
      if (upstream.kind === 'embedded') return { name, callbackUrl: undefined, problem: undefined }
      const callbackUrl = callbackUri(config.publicUrl, upstream.id)
      const fresh = () => newToken('', randomBytes)
      const attempt = { state: fresh(), nonce: fresh(), verifier: fresh(), afresh: false }
      const problem = await upstream.begin({ ...attempt, redirectUri: callbackUrl }).then(
        () => undefined,
        (error: unknown) => sentenceOf(error),
      )
      return { name, callbackUrl, problem }
    }),
  )
}

function sentenceOf(error: unknown): string {
  const because = error instanceof Fault && error.cause instanceof Error ? error.cause.message : ''
  const text = error instanceof Error ? error.message : String(error)
  return because === '' ? text : `${text} (${because})`
}
