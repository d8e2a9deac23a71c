/** What changed who may do what. Rows are added, never changed. */
export interface AuditEventsTable {
  id: string
  at: number
  org_id: string | null
  actor_kind: 'nobody' | 'session' | 'key' | 'runner' | 'server' | 'operator'
  actor_id: string | null
  actor_name: string
  action: string
  subject_id: string
  address: string
  request_id: string
  details: string
}
