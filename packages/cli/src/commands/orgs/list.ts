import { command } from '../../command.ts'
import { findOrg, listOrgs } from '../../needs/org.ts'

export const orgsList = command(
  ['environment', 'credential', 'api'],
  async ({ environment, credential, api, ...basics }) => {
    const { io } = basics
    const orgs = await listOrgs(api)
    const found = await findOrg({ orgs, api, credential, environment, basics })
    const current = found.kind === 'one' ? found.inUse : undefined
    io.document({
      orgs: orgs.map((org) => ({ ...org, current: org.id === current?.org.id })),
      next: null,
    })
    if (orgs.length === 0) {
      io.result.line(`You belong to no organization on ${environment.name}.`)
      return
    }
    const why = {
      flag: '--org',
      only: 'your only one',
      key: "the key's own",
      asked: '',
      selected: `default for ${environment.name}`,
    }
    io.result.table([
      [' ', 'NAME', 'ID', 'ROLE'],
      ...orgs.map((org) => {
        const isCurrent = org.id === current?.org.id
        const reason = isCurrent && current ? ` ${why[current.because.kind]}` : ''
        return [isCurrent ? '*' : ' ', org.name, org.id, org.role ?? 'key', reason]
      }),
    ])
  },
)
