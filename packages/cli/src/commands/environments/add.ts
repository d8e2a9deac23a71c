import { Fault } from '@norrix/contract/fault'
import { command } from '../../command.ts'
import { environmentFlag } from '../../home/names.ts'
import type { KnownEnvironment } from '../../home/settings.ts'
import { checkName, readOrigin } from '../../needs/environment.ts'
import { discover } from '../../sign-in/discover.ts'
import { remember } from '../../sign-in/keep.ts'
import { checkKind } from '../../sign-in/server.ts'

/** Trusts a server under a name, as a sign-in there would (product ruling 13); the server says of which kind it is. */
export const environmentsAdd = command([], async ({ call, settings, io, around }) => {
  // Both are there: the table of commands asks for them.
  const [word = '', url = ''] = call.words
  const name = checkName(word, 'The name')
  const origin = readOrigin(url, 'The address')
  refuseOther((await settings.read()).environments[name], { name, origin })
  const kind = name === 'prod' || name === 'dev' ? name : undefined
  const server = checkKind(await discover(origin, around.signal), { name, kind })
  await settings.change((now) => {
    refuseOther(now.environments[name], { name, origin: server.origin })
    return remember(now, name, server)
  })
  io.document({ environment: { name, url: server.origin, kind: server.kind } })
  io.result.marked('done', `${name} is ${server.origin}, a ${server.kind} server.`)
  io.result.fields([{ label: 'next', value: `norrix sign-in${environmentFlag(name)}` }])
})

/** A name that has an address keeps it: a session of there would be nobody's. */
function refuseOther(
  known: KnownEnvironment | undefined,
  { name, origin }: { readonly name: string; readonly origin: string },
): void {
  if (!known || new URL(known.url).origin === origin) return
  const isOwn = name !== 'prod' && name !== 'dev'
  throw new Fault('conflict', {
    message: `${name} is ${new URL(known.url).origin} already.`,
    fix: isOwn
      ? `norrix environments remove ${name}, or take another name`
      : `norrix sign-in ${origin}${environmentFlag(name)} signs in there and changes it`,
  })
}
