import { builds as operations } from '@norrix/contract/builds.operations'
import type { Build } from '@norrix/contract/types'
import { sizeText } from '@norrix/contract/size.policy'
import { command } from '../../command.ts'
import type { Field } from '../../io/layout.ts'
import { countText, durationText, momentText } from '../../io/words.ts'
import { artifactText, checkBuildId, projectText, queuerText, runTime } from './words.ts'

export const buildsShow = command(
  ['environment', 'credential', 'api', 'org'],
  async ({ api, org, io, call, around }) => {
    const build = await api.call(operations.show, {
      params: { orgId: org.org.id, buildId: checkBuildId(call.words[0]) },
      signal: around.signal,
    })
    io.document({ build })
    io.result.line(
      `${build.id}  ${projectText(build.project)} · ${build.platform} ${build.buildType}`,
    )
    io.result.fields(fieldsOf(build, around.now()))
    for (const artifact of build.artifacts) io.result.line(`  ${artifactText(artifact)}`)
  },
)

function fieldsOf(build: Build, now: Date): Field[] {
  const { source, runner, failure, attempts } = build
  const took = runTime(build, now)
  const state =
    build.cancelRequested && build.state === 'running' ? 'running, being cancelled' : build.state
  return [
    { label: 'state', value: took === undefined ? state : `${state}, ${durationText(took)}` },
    ...(failure ? [{ label: 'failure', value: `${failure.message} (${failure.code})` }] : []),
    {
      label: 'queued',
      value: `${momentText(new Date(build.createdAt), now)} by ${queuerText(build)}`,
    },
    ...(runner
      ? [{ label: 'runner', value: `${runner.name}, isolation ${runner.isolation}` }]
      : []),
    ...(attempts > 1 ? [{ label: 'attempts', value: String(attempts) }] : []),
    { label: 'source', value: `${countText(source.files, 'file')}, ${sizeText(source.sizeBytes)}` },
    { label: 'command', value: build.plan.command },
    { label: 'page', value: build.url },
  ]
}
