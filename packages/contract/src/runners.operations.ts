import type { OperationGroup } from './operation.ts'

/** The machines that build, as an organization sees them. */
export const runners = {
  list: {
    id: 'runners.list',
    method: 'GET',
    path: '/api/orgs/{orgId}/runners',
    summary: "The organization's runners and those that the server lends to everybody",
    access: { kind: 'org', role: 'member', scopes: 'none' },
    body: 'none',
    output: 'json',
    faults: [],
  },
  create: {
    id: 'runners.create',
    method: 'POST',
    path: '/api/orgs/{orgId}/runners',
    summary: 'Add a runner; its token is in this answer and never again',
    access: { kind: 'org', role: 'admin', scopes: 'none' },
    body: 'json',
    output: 'json',
    faults: [],
  },
  remove: {
    id: 'runners.remove',
    method: 'DELETE',
    path: '/api/orgs/{orgId}/runners/{runnerId}',
    summary: 'Remove a runner: its token is refused from now on',
    access: { kind: 'org', role: 'admin', scopes: 'none' },
    body: 'none',
    output: 'none',
    faults: ['not_found'],
  },
  availability: {
    id: 'runners.availability',
    method: 'GET',
    path: '/api/orgs/{orgId}/runner-availability',
    summary: 'How many runners could take a build for a platform, and how many are online',
    access: { kind: 'org', role: 'member', scopes: ['build'] },
    body: 'none',
    output: 'json',
    faults: [],
  },
} as const satisfies OperationGroup
