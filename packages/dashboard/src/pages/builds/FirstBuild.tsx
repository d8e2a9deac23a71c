import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { cliReading } from '../../api/queries.ts'
import { Step } from '../../parts/Code.tsx'
import { useWhoami } from '../../parts/org.ts'

/** What an organization without builds shows: the three commands from nothing to a build, with this server's addresses. */
export function FirstBuild(): ReactNode {
  const { environment } = useWhoami()
  const cli = useQuery(cliReading())
  return (
    <div className="rounded-xl border border-border bg-surface px-5 py-6 sm:px-8">
      <h2 className="text-base font-semibold">Your first build is three commands away</h2>
      <p className="mt-1 mb-5 text-sm text-muted">
        Run them in a terminal, the last one in your project's folder.
      </p>
      <ol className="grid grid-cols-1 max-w-2xl list-decimal gap-4 pl-5 marker:text-sm marker:text-muted">
        {cli.data ? (
          <Step
            text="Install the command line that belongs to this server"
            command={cli.data.install}
            label="install command"
          />
        ) : (
          <li className="text-sm">
            {cli.error
              ? 'Install the norrix command line. This server has none packed at the moment; its operator can tell where to get it.'
              : 'Looking for the command line…'}
          </li>
        )}
        <Step
          text="Sign in"
          command={`norrix sign-in ${environment.url}`}
          label="sign-in command"
        />
        <Step
          text="Build"
          command={`norrix build android release${environment.kind === 'dev' ? ' --dev' : ''}`}
          label="build command"
        />
      </ol>
    </div>
  )
}
