import { isFinal } from '@norrix/contract/builds.policy'
import { builds as operations } from '@norrix/contract/builds.operations'
import { isFaultCode, type Fault } from '@norrix/contract/fault'
import type { Client } from '@norrix/contract/client'
import type { Build } from '@norrix/contract/types'
import { ShownFault, type Evidence } from '../../io/fault-text.ts'
import type { Io } from '../../io/io.ts'
import { durationText } from '../../io/words.ts'
import { followBuild } from './follow.ts'
import { createLogLines, type LogLines } from './log-lines.ts'
import { artifactText, eventDocument, runTime, stepText } from './words.ts'

export interface Watch {
  readonly api: Client
  readonly io: Io
  readonly signal: AbortSignal
  readonly now: () => Date
  /** What other commands about this build need to be told, with a space before: environment and organization. */
  readonly flags: string
  readonly queueTimeoutMs: number | undefined
}

/**
 * Shows a build's log and states until its end.
 *
 * @throws Fault build_failed and its kin, still_running when it was queued for too long, interrupted
 */
export async function watchBuild(queued: Build, watch: Watch): Promise<void> {
  const queue = queueClock(queued, watch)
  const lines = createLogLines(5)
  let build = queued
  try {
    for await (const event of followBuild({
      api: watch.api,
      orgId: queued.orgId,
      buildId: queued.id,
      signal: AbortSignal.any([watch.signal, queue.signal]),
      follow: true,
      onBreak: () => watch.io.talk.marked('warning', 'The connection broke; it is made again.'),
    })) {
      watch.io.event(eventDocument(event))
      if (event.type === 'log') say(lines.add(event.text), watch.io)
      if (event.type === 'state') {
        if (event.build.state !== build.state) queue.note(event.build)
        sayStep(build, event.build, watch)
        build = event.build
      }
    }
  } catch (error) {
    if (watch.signal.aborted) throw leftRunning(build, watch)
    throw error
  } finally {
    queue.stop()
  }
  say(lines.rest(), watch.io)
  if (!isFinal(build.state)) {
    const { orgId, id: buildId } = queued
    build = await watch.api.call(operations.show, { params: { orgId, buildId } })
  }
  sayEnd(build, lines, watch)
}

function say(lines: readonly string[], { talk }: Io): void {
  if (lines.length > 0) talk.quoted(lines.join('\n'))
}

function sayStep(before: Build, build: Build, { io }: Watch): void {
  if (build.state === before.state) return
  if (build.state === 'running' && build.startedAt !== null) {
    const waited = durationText(Date.parse(build.startedAt) - Date.parse(build.createdAt))
    io.talk.marked(
      'done',
      stepText('running', `on ${build.runner?.name ?? 'a runner'}, ${waited} after queueing`),
    )
  }
  if (build.state === 'queued') {
    io.talk.marked('warning', stepText('queued', 'again: its runner was lost'))
  }
}

function sayEnd(build: Build, lines: LogLines, { io, now, flags }: Watch): void {
  const took = durationText(runTime(build, now()) ?? 0)
  if (build.state === 'succeeded') {
    io.talk.marked('done', stepText('succeeded', took))
    for (const artifact of build.artifacts) io.result.line(`  ${artifactText(artifact)}`)
    io.talk.line(`  next  norrix builds download ${build.id}${flags}`)
    return
  }
  const logs: Evidence = { label: 'log', text: lines.last.join('\n') }
  const fix = `norrix builds logs ${build.id}${flags} shows the whole log`
  if (build.state === 'cancelled') {
    throw new ShownFault('build_cancelled', {
      message: `The build was cancelled after ${took}.`,
      fix,
    })
  }
  const code = build.failure?.code
  throw new ShownFault(isFaultCode(code) ? code : 'build_failed', {
    message: build.failure?.message ?? `The build failed after ${took}.`,
    fix,
    evidence: [
      { label: 'build', text: `${build.id}  ${build.url}` },
      ...(logs.text === '' ? [] : [logs]),
    ],
  })
}

/** Ends the wait when a build has been in the queue for too long (product ruling 19: exit 8). */
function queueClock(
  queued: Build,
  { queueTimeoutMs, flags }: Watch,
): { readonly signal: AbortSignal; note(build: Build): void; stop(): void } {
  const ended = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  const note = (build: Build): void => {
    stop()
    if (build.state !== 'queued' || queueTimeoutMs === undefined) return
    timer = setTimeout(() => ended.abort(stillQueued(build, queueTimeoutMs, flags)), queueTimeoutMs)
  }
  note(queued)
  return { signal: ended.signal, note, stop }
}

function stillQueued(build: Build, waitedMs: number, flags: string): Fault {
  return new ShownFault('still_running', {
    message: `No runner took ${build.id} within ${durationText(waitedMs)}. It stays queued.`,
    fix: `norrix builds logs ${build.id}${flags} --follow goes on watching; --queue-timeout waits longer`,
    otherwise: { label: 'give it up', text: `norrix builds cancel ${build.id}${flags}` },
  })
}

function leftRunning({ id, state }: Build, { flags }: Watch): Fault {
  return new ShownFault('interrupted', {
    message: `You stopped watching. ${id} goes on (${state}).`,
    fix: `norrix builds logs ${id}${flags} --follow comes back to it`,
    otherwise: { label: 'give it up', text: `norrix builds cancel ${id}${flags}` },
  })
}
