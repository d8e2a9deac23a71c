import type { Role } from '@norrix/contract/access.policy'

export interface OrgsTable {
  id: string
  name: string
  created_at: number
}

export interface MembersTable {
  org_id: string
  account_id: string
  role: Role
  created_at: number
}
