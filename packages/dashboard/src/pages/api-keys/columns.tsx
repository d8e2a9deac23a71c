import type { ApiKey } from '@norrix/contract/types'
import type { ReactNode } from 'react'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import type { Column } from '../../ui/Table.tsx'
import { Time } from '../../ui/Time.tsx'

/** The columns of a list of keys; active ones can be revoked. */
export function columnsOf(
  status: 'active' | 'ended',
  onRevoke: (apiKey: ApiKey) => void,
): readonly Column<ApiKey>[] {
  return status === 'active' ? [...columns, revocation(onRevoke)] : columns
}

const columns: readonly Column<ApiKey>[] = [
  {
    key: 'name',
    title: 'Name',
    className: 'md:min-w-32',
    sortBy: (apiKey) => apiKey.name,
    cell: (apiKey) => <span className="font-medium wrap-anywhere">{apiKey.name}</span>,
  },
  {
    key: 'key',
    title: 'Key',
    cell: (apiKey) => <code className="font-mono text-xs whitespace-nowrap">{apiKey.start}…</code>,
  },
  {
    key: 'scopes',
    title: 'Scopes',
    cell: (apiKey) => (
      <span className="flex flex-wrap gap-1">
        {apiKey.scopes.map((scope) => (
          <Badge key={scope}>{scope}</Badge>
        ))}
      </span>
    ),
  },
  {
    key: 'used',
    title: 'Last used',
    sortBy: (apiKey) => moment(apiKey.lastUsed?.at),
    cell: ({ lastUsed }) =>
      lastUsed ? (
        <span title={`from ${lastUsed.address} by ${lastUsed.agent}`}>
          <Time at={lastUsed.at} />
        </span>
      ) : (
        <span className="text-muted">never</span>
      ),
  },
  {
    key: 'expires',
    title: 'Expires',
    sortBy: (apiKey) => moment(apiKey.expiresAt) || Infinity,
    cell: ({ expiresAt }) =>
      expiresAt === null ? <span className="text-muted">never</span> : <Time at={expiresAt} />,
  },
  {
    key: 'by',
    title: 'Created by',
    sortBy: (apiKey) => apiKey.createdBy,
    cell: (apiKey) => (
      <>
        <span>{apiKey.createdBy}</span>{' '}
        <span className="text-muted">
          <Time at={apiKey.createdAt} />
        </span>
      </>
    ),
  },
  {
    key: 'status',
    title: 'Status',
    sortBy: (apiKey) => apiKey.status,
    cell: (apiKey) => <Status apiKey={apiKey} />,
  },
]

function Status({ apiKey }: { readonly apiKey: ApiKey }): ReactNode {
  if (apiKey.status === 'revoked') {
    return (
      <span className="inline-flex flex-wrap gap-x-1.5">
        <Badge tone="danger">revoked</Badge>
        {apiKey.revokedAt !== null && <Time at={apiKey.revokedAt} />}
      </span>
    )
  }
  if (apiKey.status === 'expired') return <Badge tone="warning">expired</Badge>
  return (
    <span className="inline-flex flex-wrap gap-1">
      <Badge tone="success">active</Badge>
      {apiKey.unused && <Badge tone="warning">unused for 90 days</Badge>}
    </span>
  )
}

function revocation(onRevoke: (apiKey: ApiKey) => void): Column<ApiKey> {
  return {
    key: 'revoke',
    title: '',
    className: 'md:text-right',
    cell: (apiKey) => (
      <Button
        look="quiet-danger"
        size="small"
        aria-label={`Revoke ${apiKey.name}`}
        onClick={() => onRevoke(apiKey)}
      >
        Revoke
      </Button>
    ),
  }
}

/** A moment as a number to sort by; zero where there is none. */
function moment(at: string | null | undefined): number {
  return at == null ? 0 : Date.parse(at)
}
