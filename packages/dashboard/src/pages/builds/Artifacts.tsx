import { builds } from '@norrix/contract/builds.operations'
import { isFinal } from '@norrix/contract/builds.policy'
import { sizeText } from '@norrix/contract/size.policy'
import type { Artifact, Build } from '@norrix/contract/types'
import type { ReactNode } from 'react'
import { addressOf } from '../../api.ts'
import { Badge } from '../../ui/Badge.tsx'
import { CopyButton } from '../../ui/Copy.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Table, type Column } from '../../ui/Table.tsx'

/** What a build made. The files are other people's: they are downloaded, never shown (ruling 25). */
export function Artifacts({ build }: { readonly build: Build }): ReactNode {
  if (build.artifacts.length === 0) {
    return (
      <Notice title={isFinal(build.state) ? 'This build made no artifacts' : 'No artifacts yet'}>
        {isFinal(build.state)
          ? 'Its log says why.'
          : 'They show up here as the build uploads them.'}
      </Notice>
    )
  }
  return (
    <Table
      caption="Artifacts of this build"
      columns={columnsOf(build)}
      rows={build.artifacts}
      rowKey={(artifact) => artifact.id}
    />
  )
}

function columnsOf({ orgId, id: buildId }: Build): readonly Column<Artifact>[] {
  return [
    {
      key: 'name',
      title: 'File',
      cell: (artifact) => (
        <span className="inline-flex flex-wrap items-center gap-2">
          <a
            download={artifact.name}
            href={addressOf(builds.download, { orgId, buildId, artifactId: artifact.id })}
            className="font-medium text-accent underline"
          >
            <span className="sr-only">Download </span>
            {artifact.name}
          </a>
          {artifact.standIn && <Badge tone="warning">test stand-in</Badge>}
        </span>
      ),
    },
    {
      key: 'size',
      title: 'Size',
      cell: ({ sizeBytes }) => (
        <span title={`${sizeBytes.toLocaleString('en')} bytes`} className="whitespace-nowrap">
          {sizeText(sizeBytes)}
        </span>
      ),
    },
    {
      key: 'sha256',
      title: 'SHA-256',
      cell: ({ sha256, name }) => (
        <span className="inline-flex items-center gap-1">
          <code title={sha256} className="font-mono text-xs">
            {sha256.slice(0, 12)}…
          </code>
          <CopyButton text={sha256} label={`SHA-256 of ${name}`} />
        </span>
      ),
    },
    {
      key: 'signer',
      title: 'Signer',
      cell: ({ signer }) => signer ?? <span className="text-muted">unsigned</span>,
    },
  ]
}
