import { command } from '../../command.ts'
import type { KnownEnvironment } from '../../home/settings.ts'
import type { Basics } from '../../needs/basics.ts'

interface Line {
  readonly name: string
  readonly known: KnownEnvironment | undefined
  readonly session: { readonly email: string } | 'none' | 'unreadable'
}

/** What this machine knows, without asking any server. */
export const environmentsList = command(['environment'], async ({ environment, ...basics }) => {
  const { environments } = await basics.settings.read()
  const own = Object.keys(environments).filter((name) => name !== 'prod' && name !== 'dev')
  const lines: Line[] = []
  for (const name of ['prod', 'dev', ...own.toSorted()])
    lines.push({ name, known: environments[name], session: await sessionIn(name, basics) })
  const { io } = basics
  io.document({ environments: lines.map((line) => documentOf(line, environment.name)) })
  io.result.table([
    ['', 'NAME', 'SERVER', 'SIGNED IN'],
    ...lines.map((line) => [
      line.name === environment.name ? '*' : '',
      line.name,
      serverText(line),
      sessionText(line),
    ]),
  ])
})

async function sessionIn(name: string, { sessions }: Basics): Promise<Line['session']> {
  try {
    const record = await sessions.read(name)
    return record && record.endedAt === null ? { email: record.account.email } : 'none'
  } catch {
    // Why is said by the command that needs it.
    return 'unreadable'
  }
}

function serverText({ name, known }: Line): string {
  if (!known) return 'none yet'
  return known.kind === name ? known.url : `${known.url} (${known.kind})`
}

function sessionText({ session }: Line): string {
  if (typeof session === 'object') return session.email
  return session === 'none' ? 'no' : 'a session that cannot be read here'
}

function documentOf({ name, known, session }: Line, current: string): object {
  return {
    name,
    isCurrent: name === current,
    url: known?.url ?? null,
    kind: known?.kind ?? null,
    from: known?.from ?? null,
    signedInAs: typeof session === 'object' ? session.email : null,
  }
}
