import { createWriteStream, openAsBlob } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { FaultCode } from '@norrix/contract/fault'
import { sizeText } from '@norrix/contract/size.policy'
import { collectArtifacts, ArtifactError, type CollectedArtifact } from './job/artifacts.ts'
import { runCommand, type RunResult } from './job/run.ts'
import { UnpackError } from './job/unpack-names.ts'
import { unpack } from './job/unpack.ts'
import { createWorkspace, removeWorkspace, type Workspace } from './job/workspace.ts'
import { downloadSource, uploadArtifact } from './transfers.ts'
import type { BuildSurroundings, LeaseAtWork } from './work.ts'

/** How a build ended, before it is reported. */
export type BuildEnd =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed'
      readonly code: FaultCode
      readonly message: string
      readonly exitCode: number | null
    }

/** Seconds between asking a cancelled build to end and ending it. */
const graceSeconds = 5

/**
 * One build in a workspace of its own: fetch, unpack, run, collect, upload. The workspace is gone afterwards.
 *
 * @throws Fault lease_lost
 */
export async function runBuild(
  work: LeaseAtWork,
  surroundings: BuildSurroundings,
): Promise<BuildEnd> {
  const workspace = await createWorkspace(surroundings.workspaces, work.lease.build.id)
  try {
    await fetchSource(work, workspace)
    return await buildIn(workspace, work, surroundings)
  } catch (error) {
    if (work.stop.aborted && !work.gone.aborted) return { kind: 'cancelled' }
    return failureOf(error)
  } finally {
    await surroundings.isolation.release(workspace.folder)
    await removeWorkspace(workspace.folder)
  }
}

async function fetchSource(work: LeaseAtWork, workspace: Workspace): Promise<void> {
  const archive = path.join(workspace.folder, 'source.tgz')
  await downloadSource(work, () => createWriteStream(archive, { mode: 0o600 }))
  const { files } = await unpack(archive, workspace.source)
  await rm(archive)
  const packed = sizeText(work.lease.build.source.sizeBytes)
  await work.say(`norrix: unpacked ${files} files, ${packed} packed\n`)
}

async function buildIn(
  workspace: Workspace,
  work: LeaseAtWork,
  surroundings: BuildSurroundings,
): Promise<BuildEnd> {
  const { plan } = work.lease.build
  await surroundings.isolation.prepare(workspace.folder)
  await work.say(`norrix: $ ${plan.command}\n`)
  const result = await runCommand(plan.command, {
    isolation: surroundings.isolation,
    workspace: workspace.folder,
    directory: workspace.source,
    env: environment(work, surroundings),
    hidden: surroundings.hidden,
    readable: surroundings.readable,
    mask: work.mask,
    limits: {
      wallSeconds: work.lease.limits.minutes * 60,
      logBytes: work.lease.limits.logBytes,
      graceSeconds,
    },
    sink: work.say,
    signal: work.stop,
  })
  // No process of the build is left now; what lies in the workspace does not change any more.
  if (result.kind === 'exited' && result.code === 0) return uploadAll(workspace, work)
  return endOf(result, work)
}

function environment(work: LeaseAtWork, surroundings: BuildSurroundings): Record<string, string> {
  const { build } = work.lease
  return {
    ...surroundings.env,
    CI: 'true',
    NORRIX_BUILD_ID: build.id,
    NORRIX_BUILD_TYPE: build.buildType,
    NORRIX_PLATFORM: build.platform,
    NORRIX_VERSION: build.project.version,
    NORRIX_BUILD_NUMBER: String(build.project.buildNumber),
  }
}

async function uploadAll(workspace: Workspace, work: LeaseAtWork): Promise<BuildEnd> {
  const artifacts = await collectArtifacts(workspace.source, work.lease.build.plan.artifacts)
  for (const artifact of artifacts) {
    if (work.stop.aborted) return { kind: 'cancelled' }
    await upload(artifact, work)
    await work.say(`norrix: ${describe(artifact)}\n`)
  }
  return { kind: 'succeeded' }
}

async function upload(artifact: CollectedArtifact, work: LeaseAtWork): Promise<void> {
  const { name, file, sizeBytes, sha256, contentType, signer, standIn } = artifact
  const blob = await openAsBlob(file)
  const query = {
    name,
    sha256,
    contentType,
    standIn: standIn ? ('true' as const) : ('false' as const),
    ...(signer !== null && { signer: signer.slice(0, 500) }),
  }
  await uploadArtifact(work, query, { open: () => blob, sizeBytes })
}

function describe({
  name,
  sizeBytes,
  sha256,
  signer,
  signatureProblem,
}: CollectedArtifact): string {
  const signed = signer === null ? '' : `, signed by ${signer}`
  const problem =
    signatureProblem === null ? '' : `; its signature is not good: ${signatureProblem}`
  return `${name}, ${sizeText(sizeBytes)}, sha256 ${sha256}${signed}${problem}`
}

function endOf(result: RunResult, work: LeaseAtWork): BuildEnd {
  switch (result.kind) {
    case 'cancelled':
      return { kind: 'cancelled' }
    case 'timed-out':
      return failed(
        'build_timed_out',
        `The build took longer than ${work.lease.limits.minutes} minutes.`,
        null,
      )
    case 'not-started':
      return failed('isolation_missing', result.why, null)
    case 'signalled':
      return failed('build_failed', `The build command was ended by ${result.signal}.`, null)
    case 'exited':
      return failed('build_failed', exitSentence(result.code), result.code)
  }
}

/** Exit code 127 is the shell's "no such command", 126 its "cannot be run" (POSIX, Shell and Utilities 2.8.2). */
function exitSentence(code: number): string {
  if (code === 127) return 'The build command was not found on the runner (exit code 127).'
  if (code === 126) return 'The build command cannot be run on the runner (exit code 126).'
  return `The build command ended with exit code ${code}.`
}

function failed(code: FaultCode, message: string, exitCode: number | null): BuildEnd {
  return { kind: 'failed', code, message, exitCode }
}

function failureOf(error: unknown): BuildEnd {
  if (error instanceof UnpackError) return failed('archive_refused', error.message, null)
  if (error instanceof ArtifactError) return failed('artifact_missing', error.message, 0)
  throw error
}
