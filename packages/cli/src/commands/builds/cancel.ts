import { builds as operations } from '@norrix/contract/builds.operations'
import { command } from '../../command.ts'
import { checkBuildId } from './words.ts'

export const buildsCancel = command(
  ['environment', 'credential', 'api', 'org'],
  async ({ api, org, io, call, around }) => {
    const build = await api.call(operations.cancel, {
      params: { orgId: org.org.id, buildId: checkBuildId(call.words[0]) },
      signal: around.signal,
    })
    io.document({ build })
    if (build.state === 'cancelled') io.result.marked('done', `${build.id} is cancelled.`)
    else if (build.cancelRequested)
      io.result.marked('done', `${build.id} is being cancelled; its runner stops it.`)
    else io.result.line(`${build.id} is ${build.state}; there is nothing to cancel.`)
  },
)
