// What each root script of package.json runs. Plain JavaScript, because Node 20 reads it too.
//
// A script is a list of steps, run in order; the first that fails ends the script. A step is the
// list of arguments given to Node. `env` is added to every step's environment. Words typed after
// the script's name go to the last step.

const built = ['tools/build.ts']
const vitest = ['node_modules/vitest/vitest.mjs', 'run']

/** @type {Record<string, { steps: string[][], env?: Record<string, string>, inCallersFolder?: true }>} */
export const scripts = {
  start: { steps: [built, ['tools/start.ts']] },
  demo: { steps: [built, ['tools/demo.ts']] },
  dev: { steps: [built, ['--watch', 'tools/start.ts']] },
  test: { steps: [vitest] },
  // What holds on SQLite has to hold on PostgreSQL: the server, the sweep of every operation, what operators do, and the
  // journeys named here.
  'test:postgres': {
    steps: [
      [
        ...vitest,
        'packages/server',
        'test/sweep',
        'test/operators/backup',
        'test/operators/check',
        'test/operators/people-and-runners',
        'test/operators/postgres-several',
        'test/operators/rotation',
        'test/journeys/key-in-ci',
        'test/journeys/two-servers',
        'test/journeys/database-restart',
      ],
    ],
    // Operators' tests are among the hard ones.
    env: { NORRIX_TEST_ENGINE: 'postgres', NORRIX_TEST_HARD: '1' },
  },
  'test:hard': {
    steps: [
      [
        ...vitest,
        'test/operators',
        'test/crash',
        'test/journeys/isolation',
        'test/simulation/planted',
      ],
    ],
    env: { NORRIX_TEST_HARD: '1' },
  },
  'test:long': { steps: [['tools/test-long.ts']] },
  check: { steps: [['tools/check.ts']] },
  'check:types': { steps: [['tools/check.ts', 'types']] },
  'check:lint': { steps: [['tools/check.ts', 'lint']] },
  'check:format': { steps: [['tools/check.ts', 'format']] },
  'check:boundaries': { steps: [['tools/check-boundaries.ts']] },
  'check:reference': { steps: [['tools/reference.ts', '--check']] },
  'check:threats': { steps: [['test/threats/main.ts', '--check']] },
  threats: { steps: [built, ['test/threats/main.ts']] },
  format: { steps: [['node_modules/oxfmt/bin/oxfmt']] },
  reference: { steps: [['tools/reference.ts']] },
  build: { steps: [built] },
  where: { steps: [['tools/where.ts']] },
  simulate: { steps: [['test/simulation/main.ts']] },
  bench: { steps: [built, ['test/bench/bench.ts']] },
  'norrix-server': { steps: [built, ['packages/server/src/main.mjs']], inCallersFolder: true },
  // The CLI acts on the project in the folder where it was called, not on this clone.
  norrix: { steps: [['packages/cli/src/main.ts']], inCallersFolder: true },
}
