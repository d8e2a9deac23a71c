import { redirect } from '../web/send.ts'
import { route, type FlowDeps, type PageRoute } from './flow.ts'
import { requestPath } from './request.ts'

/** The way back from an upstream. It only says who came; what that is good for is decided one step on. */
export function callbackFlow({ trips }: FlowDeps): readonly PageRoute[] {
  return [
    route('GET', /^\/sign-in\/([a-z0-9-]+)\/callback$/, async ({ req, res, url, path }) => {
      const { purpose, tag } = await trips.arrive(req, path[0] ?? '', url)
      const next =
        purpose.kind === 'claim' ? '/claim/confirm' : `${requestPath(purpose.uid)}/return`
      redirect(res, `${next}?trip=${tag}`)
    }),
  ]
}
