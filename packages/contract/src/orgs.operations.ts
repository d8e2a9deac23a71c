import type { OperationGroup } from './operation.ts'

/** Organizations own everything else. */
export const orgs = {
  list: {
    id: 'orgs.list',
    method: 'GET',
    path: '/api/orgs',
    summary: "The caller's organizations; for a key its own one",
    access: { kind: 'holder' },
    body: 'none',
    output: 'json',
    faults: [],
  },
  create: {
    id: 'orgs.create',
    method: 'POST',
    path: '/api/orgs',
    summary: 'Make an organization and become its owner',
    access: { kind: 'person' },
    body: 'json',
    output: 'json',
    faults: [],
  },
  show: {
    id: 'orgs.show',
    method: 'GET',
    path: '/api/orgs/{orgId}',
    summary: 'One organization and what the caller is in it',
    access: { kind: 'org', role: 'member', scopes: 'any' },
    body: 'none',
    output: 'json',
    faults: [],
  },
} as const satisfies OperationGroup
