import type { OperationGroup } from './operation.ts'

/**
 * What a runner and the server say to each other.
 *
 * Life cycle. A runner says hello with what it can build, then asks for work again and again; each asking
 * waits at the server for at most `waitSeconds`. Work comes as a lease: one build, a number that is one higher
 * with each lease of that build, and a token that opens this lease and nothing else. The runner fetches the source,
 * runs the build, appends to the log, uploads artifacts, and finishes. Between, it renews the lease by heartbeat.
 *
 * Cancellation. A heartbeat's answer says `cancelled: true`. The runner stops the build and finishes with `cancelled`.
 *
 * Loss. A lease that is not renewed runs out. The build goes back to the queue, and the next lease has the next number.
 * Whoever comes late with the old lease gets `lease_lost` for everything and must stop at once: an ended lease never
 * changes a build. So a build is finished once, by the newest lease.
 *
 * What may be repeated. Everything. `appendLog` names the offset it starts at (the lease's `logOffset` at first, then each
 * answer's `nextOffset`), and what is already there is not added twice; a piece that would leave a gap is a `conflict`. An
 * artifact of the same name and sha256 is taken as it is, other bytes under that name are a `conflict`. What a lost lease
 * uploaded is gone with it. `finish` with the same outcome answers as before; a `succeeded` with no artifact ends as `failed`.
 * A network fault or a 5xx is repeated with growing pauses for as long as the lease lives.
 */
export const leases = {
  hello: {
    id: 'leases.hello',
    method: 'POST',
    path: '/api/runner/hello',
    summary: 'A runner says what it is and what it can build',
    access: { kind: 'runner' },
    body: 'json',
    output: 'json',
    faults: [],
  },
  take: {
    id: 'leases.take',
    method: 'POST',
    path: '/api/runner/lease',
    summary: 'Ask for a build; waits, and answers null when there was none',
    access: { kind: 'runner' },
    body: 'json',
    output: 'json',
    faults: ['conflict'],
  },
  source: {
    id: 'leases.source',
    method: 'GET',
    path: '/api/leases/{leaseId}/source',
    summary: "The leased build's packed project",
    access: { kind: 'lease' },
    body: 'none',
    output: 'bytes',
    faults: ['lease_lost'],
  },
  heartbeat: {
    id: 'leases.heartbeat',
    method: 'POST',
    path: '/api/leases/{leaseId}/heartbeat',
    summary: 'Renew the lease and hear whether the build was cancelled',
    access: { kind: 'lease' },
    body: 'none',
    output: 'json',
    faults: ['lease_lost'],
  },
  appendLog: {
    id: 'leases.appendLog',
    method: 'POST',
    path: '/api/leases/{leaseId}/log',
    summary: "Append to the build's log at an offset",
    access: { kind: 'lease' },
    body: 'json',
    output: 'json',
    faults: ['lease_lost', 'conflict'],
  },
  uploadArtifact: {
    id: 'leases.uploadArtifact',
    method: 'POST',
    path: '/api/leases/{leaseId}/artifacts',
    summary: 'Upload one artifact',
    access: { kind: 'lease' },
    body: 'bytes',
    output: 'json',
    faults: ['lease_lost', 'conflict', 'too_large', 'checksum_mismatch'],
  },
  finish: {
    id: 'leases.finish',
    method: 'POST',
    path: '/api/leases/{leaseId}/finish',
    summary: 'End the build with an outcome; the lease is over',
    access: { kind: 'lease' },
    body: 'json',
    output: 'json',
    faults: ['lease_lost'],
  },
} as const satisfies OperationGroup
