import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useWhoami } from '../../parts/org.ts'
import { Page } from '../../parts/Page.tsx'
import { paths } from '../../paths.ts'
import { Facts } from '../../ui/Facts.tsx'
import { Time } from '../../ui/Time.tsx'

/** Profile: who one is here, by which session, and in which organizations. */
export function AccountPage(): ReactNode {
  const { user, session, orgs, environment } = useWhoami()
  return (
    <Page title="Profile">
      <div className="grid grid-cols-1 max-w-3xl gap-6">
        <Section title="You">
          <Facts
            facts={[
              { name: 'Name', value: user?.name ?? 'not given' },
              { name: 'E-mail', value: user?.email },
              { name: 'Signed in with', value: session?.signedInWith },
              { name: 'Environment', value: `${environment.kind}, ${environment.url}` },
              { name: 'Server', value: `${environment.name}, version ${environment.version}` },
            ]}
          />
        </Section>
        {session && (
          <Section title="This session">
            <Facts
              facts={[
                { name: 'Device', value: session.device },
                { name: 'Signed in', value: <Time at={session.createdAt} /> },
                { name: 'Ends unless used', value: <Time at={session.idleExpiresAt} /> },
                { name: 'Ends at the latest', value: <Time at={session.expiresAt} /> },
              ]}
            />
          </Section>
        )}
        <Section title="Organizations">
          <ul className="divide-y divide-border">
            {orgs.map((org) => (
              <li
                key={org.id}
                className="flex flex-wrap items-baseline gap-x-3 px-4 py-2.5 text-sm"
              >
                <Link
                  to={paths.builds}
                  params={{ org: org.id }}
                  className="min-w-0 font-medium wrap-anywhere text-accent underline"
                >
                  {org.name}
                </Link>
                <span className="text-muted">{org.role}</span>
                <code className="ml-auto font-mono text-xs text-muted">{org.id}</code>
              </li>
            ))}
            {orgs.length === 0 && <li className="px-4 py-2.5 text-sm text-muted">None yet.</li>}
          </ul>
        </Section>
      </div>
    </Page>
  )
}

function Section({
  title,
  children,
}: {
  readonly title: string
  readonly children: ReactNode
}): ReactNode {
  return (
    <section>
      <h2 className="mb-2 text-base font-semibold">{title}</h2>
      <div className="rounded-xl border border-border bg-surface">{children}</div>
    </section>
  )
}
