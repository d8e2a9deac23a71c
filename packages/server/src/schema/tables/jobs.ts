/** The queue. `lease_number` fences: whoever holds an older number is refused. */
export interface JobsTable {
  id: string
  /** What kind of worker it needs, such as `android`. */
  lane: string
  /** Whose job it is; some workers serve one tenant only. */
  tenant: string
  state: 'queued' | 'running' | 'done'
  run_at: number
  lease_number: number
  lease_owner: string | null
  lease_until: number | null
  created_at: number
}
