import { command } from '../../command.ts'
import { dateText } from '../../io/words.ts'
import type { Environment } from '../../needs/environment.ts'
import { orgText, type OrgReason } from '../../needs/org.ts'

export const orgsCurrent = command(
  ['environment', 'org'],
  async ({ environment, org, io, around }) => {
    io.document({ organization: org.org, because: org.because.kind, environment: environment.name })
    io.result.line(orgText(org.org))
    io.result.line(`  because  ${sentence(org.because, environment, around.now())}`)
  },
)

function sentence(because: OrgReason, { name }: Environment, now: Date): string {
  switch (because.kind) {
    case 'flag':
      return '--org names it'
    case 'only':
      return `it is your only one on ${name}`
    case 'key':
      return 'the API key belongs to it, and acts in no other'
    case 'asked':
      return 'you chose it just now, for this command'
    case 'selected':
      return `chosen with \`norrix orgs select\` for ${name} on ${dateText(because.at, now)}`
  }
}
