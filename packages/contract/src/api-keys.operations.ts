import type { OperationGroup } from './operation.ts'

/** Keys for automation. A key never makes, reads or revokes keys (product ruling 5). */
export const apiKeys = {
  list: {
    id: 'apiKeys.list',
    method: 'GET',
    path: '/api/orgs/{orgId}/api-keys',
    summary: "An organization's API keys, without their secrets",
    access: { kind: 'org', role: 'admin', scopes: 'none' },
    body: 'none',
    output: 'json',
    faults: [],
  },
  create: {
    id: 'apiKeys.create',
    method: 'POST',
    path: '/api/orgs/{orgId}/api-keys',
    summary: 'Make an API key; its secret is in this answer and never again',
    access: { kind: 'org', role: 'admin', scopes: 'none' },
    body: 'json',
    output: 'json',
    faults: [],
  },
  show: {
    id: 'apiKeys.show',
    method: 'GET',
    path: '/api/orgs/{orgId}/api-keys/{keyId}',
    summary: 'One API key, without its secret',
    access: { kind: 'org', role: 'admin', scopes: 'none' },
    body: 'none',
    output: 'json',
    faults: ['not_found'],
  },
  revoke: {
    id: 'apiKeys.revoke',
    method: 'POST',
    path: '/api/orgs/{orgId}/api-keys/{keyId}/revoke',
    summary: 'Refuse the key from now on, and cancel its builds if asked to',
    access: { kind: 'org', role: 'admin', scopes: 'none' },
    body: 'json',
    output: 'json',
    faults: ['not_found'],
  },
} as const satisfies OperationGroup
