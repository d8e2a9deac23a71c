import type { OperationGroup } from './operation.ts'

/** What the service says about itself, before anybody is known. */
export const service = {
  discover: {
    id: 'service.discover',
    method: 'GET',
    path: '/.well-known/norrix',
    summary: 'Which environment this is, and where its sibling answers',
    access: { kind: 'public' },
    body: 'none',
    output: 'json',
    faults: [],
  },
  openapi: {
    id: 'service.openapi',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'Every operation as OpenAPI 3.1',
    access: { kind: 'public' },
    body: 'none',
    output: 'json',
    faults: [],
  },
  cli: {
    id: 'service.cli',
    method: 'GET',
    path: '/cli.json',
    summary: "The matching command line's version, address and sha512",
    access: { kind: 'public' },
    body: 'none',
    output: 'json',
    faults: ['unavailable'],
  },
  cliPackage: {
    id: 'service.cliPackage',
    method: 'GET',
    path: '/cli.tgz',
    summary: 'The matching command line as an npm package',
    access: { kind: 'public' },
    body: 'none',
    output: 'bytes',
    faults: ['unavailable'],
  },
} as const satisfies OperationGroup
