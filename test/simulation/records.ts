import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { ArtifactsTable, BuildsTable } from '@norrix/server/schema/tables/builds'
import type { JobsTable } from '@norrix/server/schema/tables/jobs'
import type { LeasesTable } from '@norrix/server/schema/tables/runners'

/** What the database has committed, at one moment. */
export interface Records {
  readonly builds: readonly BuildsTable[]
  readonly jobs: ReadonlyMap<string, JobsTable>
  /** By build, then in the order of their numbers. */
  readonly leases: readonly (LeasesTable & { readonly runner_removed_at: number | null })[]
  readonly artifacts: readonly ArtifactsTable[]
  readonly sourceBlobs: readonly string[]
  /** How many of each act the audit has for each build. */
  readonly audit: readonly {
    readonly action: string
    readonly subject_id: string
    readonly acts: number
  }[]
}

type Kind = 'builds' | 'jobs' | 'leases' | 'artifacts' | 'sources' | 'audit'

/** Reads behind the servers' backs, on a connection of its own. */
export class RecordsReader {
  readonly #db: DatabaseSync
  readonly #all: Readonly<Record<Kind, StatementSync>>
  readonly #log: StatementSync
  readonly #version: StatementSync
  #seen: unknown

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true })
    const prepare = (sql: string): StatementSync => this.#db.prepare(sql)
    this.#all = {
      builds: prepare('select * from builds order by id'),
      jobs: prepare('select * from jobs'),
      leases: prepare(
        `select l.*, r.removed_at as runner_removed_at from leases l join runners r on r.id = l.runner_id
         order by l.build_id, l.number`,
      ),
      artifacts: prepare('select * from artifacts'),
      sources: prepare('select blob from sources'),
      audit: prepare(
        'select action, subject_id, count(*) as acts from audit_events group by action, subject_id',
      ),
    }
    this.#log = prepare(
      'select from_byte, text from build_log where build_id = ? order by from_byte',
    )
    this.#version = prepare('pragma data_version')
  }

  /** Undefined when nothing was committed since the last call. */
  ifChanged(): Records | undefined {
    // Differs after a commit of another connection (SQLite, PRAGMA data_version).
    const version = this.#version.get()?.['data_version']
    if (version === this.#seen) return undefined
    this.#seen = version
    return this.read()
  }

  read(): Records {
    // The tables' types are what the server wrote through.
    const rows = <T>(which: Kind): T[] => this.#all[which].all() as T[] // as: see above
    return {
      builds: rows<BuildsTable>('builds'),
      jobs: new Map(rows<JobsTable>('jobs').map((job) => [job.id, job])),
      leases: rows<Records['leases'][number]>('leases'),
      artifacts: rows<ArtifactsTable>('artifacts'),
      sourceBlobs: rows<{ blob: string }>('sources').map(({ blob }) => blob),
      audit: rows<Records['audit'][number]>('audit'),
    }
  }

  /** A build's log and the byte after each piece's end, as the pieces say. */
  log(buildId: string): readonly { readonly from_byte: number; readonly text: string }[] {
    return this.#log.all(buildId) as { from_byte: number; text: string }[] // as: the columns of the select
  }

  close(): void {
    this.#db.close()
  }
}
