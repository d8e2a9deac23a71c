import { builds as operations } from '@norrix/contract/builds.operations'
import { Fault } from '@norrix/contract/fault'
import { runners } from '@norrix/contract/runners.operations'
import type { Build } from '@norrix/contract/types'
import { sizeText } from '@norrix/contract/size.policy'
import { command } from '../command.ts'
import { agoText, countText, durationText } from '../io/words.ts'
import { textOption } from '../needs/call.ts'
import type { Given } from '../needs/given.ts'
import { packProject, type PackedProject } from '../project/pack.ts'
import { planOf, readRequest, type BuildRequest } from './builds/request.ts'
import { uploadProject } from './builds/upload.ts'
import { watchBuild } from './builds/watch.ts'
import { projectText, stepText } from './builds/words.ts'

type Here = Given<'environment' | 'project' | 'credential' | 'api' | 'org'>

/** Pack, upload, queue, watch. Ctrl-C stops the watching and nothing else once the build is queued. */
export const build = command(
  ['environment', 'project', 'credential', 'api', 'org'],
  async (given: Here) => {
    const { io, around, call, project, environment, org } = given
    const request = readRequest(call, io.isInteractive)
    const { project: facts, plan } = planOf(project.config, request.platform, project.configPath)
    io.talk.line(
      `${environment.name} · ${org.org.name} · ${projectText(facts)} · ${request.platform} ${request.buildType}`,
    )
    await checkRunners(request, given)
    const packed = await pack(given)
    let sourceId: string
    try {
      sourceId = await upload(packed, given)
    } finally {
      await packed.remove()
    }
    const { platform, buildType, waitForRunner } = request
    const queued = await given.api.call(operations.create, {
      params: { orgId: org.org.id },
      body: { platform, buildType, project: facts, plan, sourceId, waitForRunner },
      signal: around.signal,
    })
    await afterQueueing(queued, request, given)
  },
)

async function afterQueueing(queued: Build, request: BuildRequest, given: Here): Promise<void> {
  const { io, around, api, call, environment } = given
  io.event({ event: 'queued', build: queued })
  io.talk.marked('done', stepText('queued', `${queued.id}  ${queued.url}`))
  const chosenOrg = textOption(call, 'org')
  const flags = `${environment.flag}${chosenOrg === undefined ? '' : ` --org ${chosenOrg}`}`
  if (request.detach) {
    io.result.line(queued.id)
    io.talk.line(`  next  norrix builds logs ${queued.id}${flags} --follow`)
    return
  }
  const { queueTimeoutMs } = request
  await watchBuild(queued, {
    api,
    io,
    signal: around.signal,
    now: around.now,
    flags,
    queueTimeoutMs,
  })
}

/** Says before anything is packed that nobody would build it (product ruling 19). */
async function checkRunners(
  request: BuildRequest,
  { api, org, io, around, environment }: Here,
): Promise<void> {
  const { platform } = request
  const found = await api.call(runners.availability, {
    params: { orgId: org.org.id },
    query: { platform },
    signal: around.signal,
  })
  if (found.registered === 0 && !request.waitForRunner) {
    throw new Fault('no_runner', {
      message: `No runner for ${platform} was ever started for ${org.org.name} on ${environment.name}.`,
      fix: 'start one: Dashboard → Runners → Add runner says how; --wait-for-runner queues the build all the same',
    })
  }
  if (found.registered === 0) {
    io.talk.marked(
      'warning',
      `No runner for ${platform} was ever started; the build waits for the first one.`,
    )
  } else if (found.online === 0) {
    const seen =
      found.lastSeenAt === null
        ? ''
        : `, last seen ${agoText(new Date(found.lastSeenAt), around.now())}`
    io.talk.marked(
      'warning',
      `No runner for ${platform} is online${seen}; the build waits for one.`,
    )
  }
}

async function pack({ io, around, project }: Here): Promise<PackedProject> {
  const packed = await packProject({
    folder: project.folder,
    signal: around.signal,
    progress: (done, total) => io.progress(`Packing ${sizeText(done)} of ${sizeText(total)}`),
  })
  const { files, secrets, links } = packed.contents
  const left = [
    ...(secrets.length > 0 ? [`${countText(secrets.length, 'secret-looking file')} left out`] : []),
    ...(links.length > 0 ? [`${countText(links.length, 'link')} out of the project left out`] : []),
  ]
  io.event({
    event: 'packed',
    files: files.length,
    sizeBytes: packed.sizeBytes,
    sha256: packed.sha256,
    secrets,
    links,
  })
  const what = `${countText(files.length, 'file')}, ${sizeText(packed.sizeBytes)}`
  io.talk.marked('done', stepText('packed', [what, ...left].join('; ')))
  return packed
}

async function upload(packed: PackedProject, { api, io, org, around }: Here): Promise<string> {
  const start = performance.now()
  const total = sizeText(packed.sizeBytes)
  const sourceId = await uploadProject(packed, {
    api,
    orgId: org.org.id,
    signal: around.signal,
    progress: (sent) => io.progress(`Uploading ${sizeText(sent)} of ${total}`),
  })
  io.event({ event: 'uploaded', sourceId, sizeBytes: packed.sizeBytes })
  io.talk.marked('done', stepText('uploaded', total, durationText(performance.now() - start)))
  return sourceId
}
