import { existsSync, readdirSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isFinal, type BuildState } from '@norrix/contract/builds.policy'

/** What a data folder says when nothing runs on it. */
export interface Agreement {
  readonly problems: readonly string[]
  readonly builds: ReadonlyMap<string, BuildState>
  /** Blobs that no row names. */
  readonly orphans: number
}

/** Opens a data folder as a server would, and compares its parts: rows with blobs, builds with jobs, acts with the audit. */
export function readAgreement(data: string): Agreement {
  const db = new DatabaseSync(join(data, 'norrix.db'))
  try {
    return compare(db, data)
  } finally {
    db.close()
  }
}

interface Row {
  readonly id: string
  readonly state: BuildState
  readonly job: string | null
  readonly asked: number | null
  readonly blob: string
  readonly revoked: number | null
  readonly acts: number
  readonly undone: number
}

function compare(db: DatabaseSync, data: string): Agreement {
  const rows = (sql: string): Row[] => db.prepare(sql).all() as unknown as Row[] // as: each select names what is read of it
  const acts = (action: string, id: string): string =>
    `(select count(*) from audit_events a where a.action = '${action}' and a.subject_id = ${id})`
  const problems: string[] = []
  const check = (holds: boolean, what: string): void => void (holds || problems.push(what))
  const [state] = db.prepare('pragma integrity_check').all()
  check(state?.['integrity_check'] === 'ok', `the database is damaged: ${JSON.stringify(state)}`)
  const builds = rows(
    `select b.id, b.state, b.cancel_requested_at as asked, j.state as job, ${acts('builds.create', 'b.id')} as acts,
     ${acts('builds.cancel', 'b.id')} as undone from builds b left join jobs j on j.id = b.id`,
  )
  for (const build of builds) {
    const expected = isFinal(build.state) ? 'done' : build.state
    check(build.job === expected, `${build.id} is ${build.state}, its job ${build.job}`)
    check(build.acts === 1, `the audit has ${build.acts} queueings of ${build.id}`)
    check(
      build.undone === (build.asked === null ? 0 : 1),
      `the audit and ${build.id} differ on its cancelling`,
    )
  }
  for (const key of rows(
    `select k.id, k.revoked_at as revoked, ${acts('apiKeys.create', 'k.id')} as acts, ${acts('apiKeys.revoke', 'k.id')} as undone from api_keys k`,
  )) {
    check(key.acts === 1, `the audit has ${key.acts} makings of ${key.id}`)
    check(
      key.undone === (key.revoked === null ? 0 : 1),
      `the audit and ${key.id} differ on its end`,
    )
  }
  const named = rows('select blob from sources union all select blob from artifacts').map(
    ({ blob }) => blob,
  )
  const kept = blobsIn(join(data, 'blobs'))
  for (const blob of named)
    check(kept.has(blob), `a row names the blob ${blob}, which is not there`)
  const orphans = [...kept].filter((blob) => !named.includes(blob)).length
  return { problems, builds: new Map(builds.map((build) => [build.id, build.state])), orphans }
}

function blobsIn(folder: string): ReadonlySet<string> {
  if (!existsSync(folder)) return new Set()
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  const drafts = join(folder, 'drafts')
  const isBlob = (file: Dirent): boolean => file.isFile() && !file.parentPath.startsWith(drafts)
  return new Set(files.filter(isBlob).map((file) => file.name))
}
