import type { Session } from '@norrix/contract/types'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { sessionsReading } from '../../api/queries.ts'
import { useAddressState } from '../../parts/address.ts'
import { useWhoami } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { Pager } from '../../parts/Pager.tsx'
import { Reading } from '../../parts/Reading.tsx'
import { sortingOf } from '../../parts/sorting.ts'
import { Badge } from '../../ui/Badge.tsx'
import { Button } from '../../ui/Button.tsx'
import { later } from '../../ui/later.tsx'
import { Banner } from '../../ui/Notice.tsx'
import { Table, type Column } from '../../ui/Table.tsx'
import { Time } from '../../ui/Time.tsx'

const RevokeSessionDialog = later(
  async () => (await import('./RevokeSessionDialog.tsx')).RevokeSessionDialog,
)
const SignOutEverywhereDialog = later(
  async () => (await import('./SignOutEverywhereDialog.tsx')).SignOutEverywhereDialog,
)

/** Account → Sessions: every device and browser where one is signed in. */
export function SessionsPage(): ReactNode {
  const { user } = useWhoami()
  const [address, change] = useAddressState()
  const [asked, setAsked] = useState<Session | undefined>(undefined)
  const [endsAll, setEndsAll] = useState(false)
  const [revoked, setRevoked] = useState<Session | undefined>(undefined)
  const result = useQuery(sessionsReading(address.cursor))
  return (
    <Page
      title="Sessions"
      about={`Where you are signed in as ${user?.email}. One that you revoke is refused from its next request on.`}
      actions={<Button onClick={() => setEndsAll(true)}>Sign out everywhere</Button>}
    >
      {revoked && (
        <div className="mb-3">
          <Banner tone="success">The session on “{revoked.device}” is over.</Banner>
        </div>
      )}
      <Reading result={result}>
        {({ items, next }) => (
          <>
            <Table
              caption="Sessions"
              columns={[...columns, revocation(setAsked)]}
              rows={items}
              rowKey={(session) => session.id}
              {...sortingOf(address, next, change)}
            />
            <Pager cursor={address.cursor} next={next} />
          </>
        )}
      </Reading>
      {asked && (
        <RevokeSessionDialog
          session={asked}
          onClose={() => setAsked(undefined)}
          onRevoked={setRevoked}
        />
      )}
      {endsAll && <SignOutEverywhereDialog onClose={() => setEndsAll(false)} />}
    </Page>
  )
}

const columns: readonly Column<Session>[] = [
  {
    key: 'device',
    title: 'Device',
    className: 'md:min-w-40',
    sortBy: (session) => session.device,
    cell: (session) => (
      <>
        <span className="font-medium wrap-anywhere">{session.device}</span>{' '}
        {session.current && <Badge tone="success">this one</Badge>}
        <span className="block text-muted">
          {session.kind === 'cli' ? 'command line' : 'browser'}
        </span>
      </>
    ),
  },
  {
    key: 'created',
    title: 'Signed in',
    sortBy: (session) => Date.parse(session.createdAt),
    cell: (session) => (
      <>
        <Time at={session.createdAt} />{' '}
        <span className="text-muted md:block md:whitespace-nowrap">
          with {session.signedInWith}
        </span>
      </>
    ),
  },
  {
    key: 'used',
    title: 'Last used',
    sortBy: (session) => Date.parse(session.lastUsedAt),
    cell: (session) => <Time at={session.lastUsedAt} />,
  },
  {
    key: 'address',
    title: 'Address',
    cell: (session) => (
      <code
        title="where the sign-in came from"
        className="font-mono text-xs leading-5 wrap-anywhere"
      >
        {session.address}
      </code>
    ),
  },
  {
    key: 'ends',
    title: 'Ends',
    sortBy: (session) => Date.parse(session.expiresAt),
    cell: (session) => (
      <>
        <span className="md:whitespace-nowrap">
          <Time at={session.idleExpiresAt} /> <span className="text-muted">if not used,</span>
        </span>{' '}
        <span className="text-muted md:block md:whitespace-nowrap">
          <Time at={session.expiresAt} /> at the latest
        </span>
      </>
    ),
  },
]

function revocation(onRevoke: (session: Session) => void): Column<Session> {
  return {
    key: 'revoke',
    title: '',
    className: 'md:text-right',
    cell: (session) => (
      <Button
        look="quiet-danger"
        size="small"
        aria-label={`Revoke ${session.device}`}
        onClick={() => onRevoke(session)}
      >
        Revoke
      </Button>
    ),
  }
}
