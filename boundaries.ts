// What each part of Norrix may import. Read it as documentation; `npm run check:boundaries` holds
// every import of `packages`, `test` and `tools` to it (the reader is in tools/boundaries/).
//
// A file belongs to the first room whose `files` it matches. From there it may import
//   - its own room, unless `closed`,
//   - the rooms named in `imports`; where such a room has a `door`, only that file of it,
//   - the rooms named in `types`, but with `import type` alone: nothing of them is loaded,
//   - the packages named in `packages`; `node` stands for every `node:` module, `*` for any package,
//   - the packages named in `typePackages`, again with `import type` alone.
// `import { type X }` counts as a real import, because Node loads the module all the same.

/** One part of the house. `why` is the sentence a person reads when the wall stops them. */
export type Room = {
  name: string
  files: readonly string[]
  imports?: readonly string[]
  types?: readonly string[]
  packages?: readonly string[]
  typePackages?: readonly string[]
  door?: string
  closed?: true
  why: string
}

/**
 * The server's features, low to high. A feature may call those below it, through their index.ts. To
 * be heard above, it publishes an event that server.ts connects. Moving one takes a decision record.
 */
export const ladder = [
  'service',
  'audit',
  'orgs',
  'sessions',
  'identity',
  'api-keys',
  'apps',
  'variables',
  'credentials',
  'runners',
  'builds',
  'submissions',
  'updates',
  'webhooks',
] as const

const tests: Room = {
  name: 'tests',
  files: ['**/*.test.ts', '**/*.e2e.ts', 'test/**'],
  imports: ['*'],
  packages: ['*'],
  why: 'a test enters by the front door; only a test beside the code may open that same folder',
}

const tools: Room = {
  name: 'tools',
  files: ['tools/**', '*.ts', 'packages/*/*.ts'],
  imports: ['*'],
  packages: ['*'],
  why: 'a tool uses what the packages offer to others, not their insides',
}

const contract: readonly Room[] = [
  {
    name: 'contract/policy',
    files: ['packages/contract/src/*.policy.ts'],
    closed: true,
    why: 'a policy decides from its arguments alone, so that server, CLI and devices decide alike',
  },
  {
    name: 'contract/basics',
    files: ['packages/contract/src/{fault,id,page}.ts'],
    why: 'faults, ids and paging are the words that everything else is said with',
  },
  {
    name: 'contract/operations',
    files: ['packages/contract/src/{operation,operations,*.operations}.ts'],
    types: ['contract/basics', 'contract/policy', 'contract/shapes'],
    why: 'operations are plain data that the CLI loads at its start; shapes are tied to them by id',
  },
  {
    name: 'contract/shapes',
    files: ['packages/contract/src/{shapes,openapi,*.shapes}.ts'],
    imports: ['contract/basics', 'contract/operations', 'contract/policy'],
    types: ['contract'],
    packages: ['zod'],
    why: 'shapes are the only part of the contract that knows zod',
  },
  {
    name: 'contract',
    files: ['packages/contract/src/*.ts'],
    imports: ['contract/basics', 'contract/operations', 'contract/policy'],
    types: ['contract/shapes'],
    typePackages: ['zod'],
    why: 'the contract has no I/O, no Node and no zod outside its shapes: browser and CLI load it',
  },
]

const wholeContract = contract.map((room) => room.name)
/** What the CLI, the runner and the browser may load: everything but the shapes. */
const lightContract = wholeContract.filter((name) => name !== 'contract/shapes')

const serverLayers: readonly Room[] = [
  {
    name: 'server/config',
    files: ['packages/server/src/{config,config.shapes}.ts', 'packages/server/src/config/**'],
    imports: [...wholeContract, 'server/kernel'],
    types: ladder.map((name) => `server/features/${name}`),
    packages: ['node', 'zod'],
    why: 'configuration is read once, at the start, and handed on in narrow pieces',
  },
  {
    name: 'server',
    files: ['packages/server/src/*.{ts,mjs}', 'packages/server/src/commands/**'],
    imports: [
      ...wholeContract,
      'cli/io',
      'server/config',
      'server/kernel',
      'server/schema',
      'server/schema/migrations',
      'server/http',
      ...ladder.map((name) => `server/features/${name}`),
      'runner',
    ],
    packages: ['node', 'hono', '@hono/node-server', 'commander', 'tar', 'zod'],
    why: 'server.ts is the one place where all parts meet',
  },
  {
    name: 'server/kernel',
    files: ['packages/server/src/kernel/**'],
    imports: ['contract/basics', 'contract/policy'],
    types: ['server/schema'],
    packages: ['node', 'kysely', 'pg'],
    why: 'the kernel serves every feature and so knows none of them',
  },
  {
    name: 'server/schema/migrations',
    files: ['packages/server/src/schema/migrations/**'],
    packages: ['kysely'],
    why: 'a migration must do the same tomorrow, whatever the code becomes',
  },
  {
    name: 'server/schema',
    files: ['packages/server/src/schema/**'],
    imports: ['server/schema/migrations'],
    types: ['contract/basics', 'contract/policy'],
    packages: ['kysely'],
    why: 'a table is the type of its rows; it borrows words from the contract and nothing that runs',
  },
  {
    name: 'server/http',
    files: ['packages/server/src/http/**'],
    imports: [...wholeContract, 'server/kernel'],
    packages: ['node', 'hono', '@hono/node-server', 'zod'],
    why: 'mounting operations is the same work for every feature',
  },
]

const features: readonly Room[] = ladder.map((name, height) => ({
  name: `server/features/${name}`,
  files: [`packages/server/src/features/${name}/**`],
  door: `packages/server/src/features/${name}/index.ts`,
  imports: [
    ...wholeContract,
    'server/kernel',
    'server/schema',
    'server/http',
    ...ladder.slice(0, height).map((lower) => `server/features/${lower}`),
  ],
  packages: ['node', 'kysely', 'hono', 'zod', 'jose', 'openid-client', 'oidc-provider'],
  why: `${name} calls only what stands below it on the ladder, by its index.ts; upwards go events`,
}))

const dashboard: readonly Room[] = [
  {
    name: 'dashboard/ui',
    files: ['packages/dashboard/src/ui/**'],
    packages: ['react', 'react-dom', '@base-ui/react'],
    why: 'building blocks know React and nothing of Norrix',
  },
  {
    name: 'dashboard/paths',
    files: ['packages/dashboard/src/paths.ts'],
    why: 'addresses are plain functions that every page may use',
  },
  {
    name: 'dashboard/api',
    files: ['packages/dashboard/src/api.ts', 'packages/dashboard/src/api/**'],
    imports: lightContract,
    types: ['contract/shapes'],
    packages: ['react', '@tanstack/react-query'],
    why: 'the browser speaks to the server through operations and nothing else',
  },
  {
    name: 'dashboard/parts',
    files: ['packages/dashboard/src/parts/**'],
    imports: ['dashboard/ui', 'dashboard/api', 'dashboard/paths', ...lightContract],
    types: ['contract/shapes'],
    packages: [
      'react',
      'react-dom',
      '@base-ui/react',
      '@tanstack/react-query',
      '@tanstack/react-router',
    ],
    why: 'parts are shared by pages and so know none of them',
  },
  {
    name: 'dashboard/pages/*',
    files: ['packages/dashboard/src/pages/*/**'],
    imports: [
      'dashboard/ui',
      'dashboard/parts',
      'dashboard/api',
      'dashboard/paths',
      ...lightContract,
    ],
    types: ['contract/shapes'],
    packages: ['react', '@tanstack/react-query', '@tanstack/react-router'],
    why: 'a page never imports another noun’s page; what two share is a part',
  },
  {
    name: 'dashboard',
    files: ['packages/dashboard/src/*.{ts,tsx}'],
    imports: [
      'dashboard/ui',
      'dashboard/parts',
      'dashboard/api',
      'dashboard/paths',
      'dashboard/pages/*',
      ...lightContract,
    ],
    types: ['contract/shapes'],
    packages: [
      'react',
      'react-dom',
      '@base-ui/react',
      'vite',
      '@tanstack/react-query',
      '@tanstack/react-router',
    ],
    why: 'main and routes put the pages together',
  },
]

const programs: readonly Room[] = [
  {
    name: 'cli/io',
    files: ['packages/cli/src/io/**'],
    imports: lightContract,
    packages: ['node', '@clack/prompts', 'commander'],
    why: 'norrix and norrix-server speak alike; how they do knows neither of them',
  },
  {
    name: 'cli',
    files: ['packages/cli/src/**'],
    imports: [...lightContract, 'cli/io', 'runner'],
    types: ['contract/shapes'],
    packages: ['node', 'commander', '@clack/prompts', 'openid-client', 'tar', 'ignore'],
    why: 'the CLI knows operations, types and policies; shapes and the server stay on the server',
  },
  {
    name: 'runner',
    files: ['packages/runner/src/**'],
    imports: lightContract,
    types: ['contract/shapes'],
    packages: ['node', 'tar', 'tinyglobby'],
    why: 'a runner may stand on another continent: it knows the contract and nothing else of ours',
  },
]

/** Every room; the first whose files match is the file's own. */
export const rooms: readonly Room[] = [
  tests,
  ...contract,
  ...serverLayers,
  ...features,
  ...dashboard,
  ...programs,
  tools,
]

/** Packages that only one place may know, whatever its room allows. Tests and tools are free. */
export const keepers: readonly { package: string; files: readonly string[]; why: string }[] = [
  {
    package: 'oidc-provider',
    files: ['packages/server/src/features/identity/authorization-server/**'],
    why: 'behind the AuthorizationServer interface it can be replaced',
  },
  {
    package: 'node:sqlite',
    files: ['packages/server/src/kernel/**'],
    why: 'the two database engines differ in the kernel and nowhere else',
  },
  {
    package: 'pg',
    files: ['packages/server/src/kernel/**'],
    why: 'the two database engines differ in the kernel and nowhere else',
  },
]

/**
 * What must not be loaded from an entry on. `follow: 'start'` goes along real static imports, which
 * run before the first line of the entry does; `follow: 'all'` also along lazy `import()`.
 */
export const entries: readonly {
  entry: string
  follow: 'start' | 'all'
  packages: readonly string[]
  rooms: readonly string[]
  why: string
}[] = [
  {
    entry: 'packages/cli/src/main.ts',
    follow: 'start',
    packages: ['openid-client', 'tar', '@clack/prompts', 'tinyglobby'],
    rooms: ['runner'],
    why: 'norrix must start as fast as Node does: load it with import() where it is used',
  },
  {
    entry: 'packages/cli/src/main.ts',
    follow: 'all',
    packages: ['zod', 'hono', 'kysely', 'oidc-provider'],
    rooms: ['contract/shapes', 'server', 'server/*'],
    why: 'the packed CLI carries nothing of the server; use operations, types and policies',
  },
]

/** The only files that read process.env; everything else is given what it needs. */
export const environmentReaders: readonly string[] = [
  'packages/server/src/config.ts',
  'packages/server/src/config/**',
  'packages/server/src/main.mjs',
  'packages/cli/src/main.ts',
  'packages/cli/src/needs/**',
  'packages/runner/src/main.ts',
  'packages/*/*.ts',
  'tools/**',
  'test/**',
  '**/*.test.ts',
  '**/*.e2e.ts',
  '*.ts',
]

/** Files that load a module whose name is only known when they run, such as a project's own config. */
export const computedImports: readonly string[] = [
  'packages/cli/src/project/**',
  'tools/**',
  'test/**',
]

/** Lines a file may have: above `warn` it is named, above `refuse` the check fails. */
export const fileLines = {
  warn: 250,
  refuse: 400,
  except: ['boundaries.ts', 'packages/server/src/schema/tables/**', 'packages/contract/vectors/**'],
} as const
