import type { OperationGroup } from './operation.ts'

/** Who is asking, and the end of a session. */
export const sessions = {
  whoami: {
    id: 'sessions.whoami',
    method: 'GET',
    path: '/api/whoami',
    summary: 'The person or API key that asks, and its organizations',
    access: { kind: 'holder' },
    body: 'none',
    output: 'json',
    faults: [],
  },
  end: {
    id: 'sessions.end',
    method: 'DELETE',
    path: '/api/sessions/current',
    summary: 'End the session that asks: its tokens are refused from now on',
    access: { kind: 'person' },
    body: 'none',
    output: 'none',
    faults: [],
  },
} as const satisfies OperationGroup
