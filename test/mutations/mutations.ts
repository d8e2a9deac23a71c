/** A breach of a rule of the house, planted into a copy of it, and the check that has to turn red. */
export interface Mutation {
  readonly breach: string
  readonly file: string
  /** Stands in `file` exactly once. */
  readonly find: string
  readonly replace: string
  readonly by: Proof
  /** Each is in what the check says. */
  readonly red: readonly RegExp[]
}

/** A check of `npm run check`, or a file of tests; `only` names those of its tests that are run. */
export type Proof =
  | { readonly check: 'boundaries' | 'types' }
  | { readonly tests: string; readonly only?: string }

const sweep = 'test/sweep/sweep.test.ts'

/** Of these the access check is taken out, in the server and not in the contract: one of each kind of caller. */
const opened = [
  'apiKeys.revoke',
  'builds.show',
  'sessions.end',
  'runners.create',
  'leases.heartbeat',
]

export const mutations: readonly Mutation[] = [
  {
    breach: 'a store that reads another feature’s store',
    file: 'packages/server/src/features/orgs/store.ts',
    find: 'import type { Tables }',
    replace: "import '../builds/store.ts'\nimport type { Tables }",
    by: { check: 'boundaries' },
    red: [/features\/orgs\/store\.ts:\d+ imports/],
  },
  {
    breach: 'a cycle made of types alone',
    file: 'packages/server/src/kernel/clock.ts',
    find: 'export type Clock',
    replace: "export type { Effects } from './effects.ts'\nexport type Clock",
    by: { check: 'boundaries' },
    red: [/kernel\/(clock|effects)\.ts.* imports itself by way of/],
  },
  {
    breach: 'zod in the start of the command line',
    file: 'packages/cli/src/root.ts',
    find: "import type { Command } from './command.ts'",
    replace: "import type { Command } from './command.ts'\nimport 'zod'",
    by: { check: 'boundaries' },
    red: [/cli\/src\/root\.ts:\d+ imports zod/],
  },
  {
    breach: 'shapes, and zod with them, in the start of the command line',
    file: 'packages/cli/src/root.ts',
    find: "import type { Command } from './command.ts'",
    replace: "import type { Command } from './command.ts'\nimport '@norrix/contract/orgs.shapes'",
    by: { check: 'boundaries' },
    red: [/cli\/src\/root\.ts:\d+ loads .*orgs\.shapes/],
  },
  {
    breach: 'an operation that declares no access',
    file: 'packages/contract/src/orgs.operations.ts',
    find: "    access: { kind: 'holder' },\n",
    replace: '',
    by: { check: 'types' },
    red: [/orgs\.operations\.ts.*'access' is missing/],
  },
  {
    breach: 'an operation whose access is cast into being',
    file: 'packages/contract/src/orgs.operations.ts',
    find: "    access: { kind: 'holder' },\n",
    replace: '    access: undefined as never,\n',
    by: { tests: sweep, only: 'orgs.list answers everybody' },
    // No server starts, so that there is no world to ask in.
    red: [/FAIL {2}test\/sweep\/sweep\.test\.ts/, /The operation orgs\.list declares no access/],
  },
  {
    breach: 'a fault that its operation does not list',
    file: 'packages/contract/src/builds.operations.ts',
    find: "faults: ['too_large', 'checksum_mismatch']",
    replace: "faults: ['checksum_mismatch']",
    by: { tests: sweep, only: 'builds.uploadSource answers everybody' },
    red: [/too_large is not among its listed faults/],
  },
  {
    breach: 'a cookie in a line of the log',
    file: 'packages/server/src/http/listener.ts',
    find: '  refuseKeyInUrl(facts.url)\n',
    replace:
      "  refuseKeyInUrl(facts.url)\n  options.log.debug('asked', { header: req.headers.cookie })\n",
    by: { tests: sweep },
    red: [/FAIL.*no credential that the sweep sent is in the log/],
  },
  {
    breach: `no access check for ${opened.join(', ')}`,
    file: 'packages/server/src/http/authorize.ts',
    find: 'if (!verdict.allowed)',
    replace: `if (!verdict.allowed && !${JSON.stringify(opened)}.includes(operation.id))`,
    by: { tests: sweep },
    red: opened.map(
      (id) => new RegExp(`FAIL.*${id} answers everybody as its declared access says`),
    ),
  },
]
