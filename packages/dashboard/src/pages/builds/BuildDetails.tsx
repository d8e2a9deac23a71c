import { sizeText } from '@norrix/contract/size.policy'
import type { Build } from '@norrix/contract/types'
import type { ReactNode } from 'react'
import { QueuedBy } from '../../parts/BuildState.tsx'
import { CopyButton } from '../../ui/Copy.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Time } from '../../ui/Time.tsx'

const isolationWords = {
  uid: 'an unused user with its own namespaces',
  bwrap: 'bubblewrap',
  userns: 'user namespaces',
  none: 'none: the build could read what its runner can',
} as const

/** Everything known about how a build was made. */
export function BuildDetails({ build }: { readonly build: Build }): ReactNode {
  const { project, plan, source, runner } = build
  const code = (text: string): ReactNode => <code className="font-mono text-[13px]">{text}</code>
  return (
    <div className="rounded-xl border border-border bg-surface">
      <Facts
        facts={[
          {
            name: 'Build',
            value: (
              <>
                {code(build.id)} <CopyButton text={build.id} label="build id" />
              </>
            ),
          },
          { name: 'Bundle id', value: project.bundleId && code(project.bundleId) },
          { name: 'Queued by', value: <QueuedBy build={build} /> },
          { name: 'Queued', value: <Time at={build.createdAt} /> },
          { name: 'Started', value: build.startedAt && <Time at={build.startedAt} /> },
          { name: 'Finished', value: build.finishedAt && <Time at={build.finishedAt} /> },
          { name: 'Runner', value: runner?.name },
          { name: 'Isolation', value: runner && isolationWords[runner.isolation] },
          { name: 'Attempts', value: build.attempts },
          { name: 'Command', value: code(plan.command) },
          { name: 'Artifact patterns', value: code(plan.artifacts.join('  ')) },
          {
            name: 'Source',
            value: (
              <>
                {source.files.toLocaleString('en')} files, {sizeText(source.sizeBytes)} packed,
                SHA-256 {code(`${source.sha256.slice(0, 12)}…`)}{' '}
                <CopyButton text={source.sha256} label="SHA-256 of the source" />
              </>
            ),
          },
          { name: 'Log', value: sizeText(build.logBytes) },
          { name: 'Exit code', value: build.exitCode },
        ]}
      />
    </div>
  )
}
