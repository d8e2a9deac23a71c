import { builds as operations } from '@norrix/contract/builds.operations'
import { buildStates, platforms } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { command } from '../../command.ts'
import { agoText } from '../../io/words.ts'
import { textOption, type Call } from '../../needs/call.ts'

export const buildsList = command(
  ['environment', 'credential', 'api', 'org'],
  async ({ api, org, io, call, around }) => {
    const now = around.now()
    const page = await api.call(operations.list, {
      params: { orgId: org.org.id },
      query: queryOf(call),
      signal: around.signal,
    })
    io.document({ builds: page.items, next: page.next })
    if (page.items.length === 0) {
      io.result.line(`${org.org.name} has no builds like that yet.`)
      return
    }
    io.result.table([
      ['ID', 'BUILD', 'STATE', 'PROJECT', 'QUEUED'],
      ...page.items.map(({ id, platform, buildType, state, project, createdAt }) => [
        id,
        `${platform} ${buildType}`,
        state,
        `${project.name} ${project.version}`,
        agoText(new Date(createdAt), now),
      ]),
    ])
    if (page.next !== null) io.talk.line(`More: norrix builds list --after ${page.next}`)
  },
)

function queryOf(call: Call) {
  const limit = textOption(call, 'limit')
  const cursor = textOption(call, 'after')
  const platform = oneOf(platforms, textOption(call, 'platform'), '--platform')
  const state = oneOf(buildStates, textOption(call, 'state'), '--state')
  if (limit !== undefined && !/^(?:[1-9]\d?|100)$/.test(limit)) {
    throw new Fault('usage', {
      message: `--limit is not a number from 1 to 100: ${limit}`,
      fix: 'use --limit 20',
    })
  }
  return {
    limit: limit === undefined ? 20 : Number(limit),
    ...(cursor !== undefined && { cursor }),
    ...(platform !== undefined && { platform }),
    ...(state !== undefined && { state }),
  }
}

function oneOf<T extends string>(
  known: readonly T[],
  text: string | undefined,
  flag: string,
): T | undefined {
  const found = known.find((one) => one === text)
  if (text === undefined || found !== undefined) return found
  throw new Fault('usage', {
    message: `${flag} has no ${text}.`,
    fix: `use one of ${known.join(', ')}`,
  })
}
