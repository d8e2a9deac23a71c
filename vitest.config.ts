import { defineConfig } from 'vitest/config'
import { SlowFirst } from './tools/slow-first.ts'

// One seed for every random choice of the run. It is printed at the end, so that a failure can be had
// again with NORRIX_TEST_SEED=<seed>; workers inherit it through the environment.
process.env['NORRIX_TEST_SEED'] ??= String(Math.trunc(Math.random() * 2 ** 31))
const seed = Number(process.env['NORRIX_TEST_SEED'])
const isLong = process.env['NORRIX_TEST_LONG'] === '1'

// Half a minute of Java: the example's app package before other people's tools.
const long = ['test/hello-android/{foreign-tools,sdk}.test.ts']

// What is PostgreSQL's alone, and takes its time: `npm run test:postgres`.
const onPostgres = [
  'packages/server/src/kernel/db/postgres*.test.ts',
  'test/journeys/{two-servers*,database-restart}.test.ts',
  'test/operators/postgres-several.test.ts',
]
const isOnPostgres = process.env['NORRIX_TEST_ENGINE'] === 'postgres'

// Processes killed, backups under load, restarts, bugs planted: minutes even in small counts. `npm run test:hard`.
const hard = [
  'test/{operators,crash}/*.test.ts',
  'test/journeys/isolation.test.ts',
  'test/simulation/planted.test.ts',
]
const isHard = process.env['NORRIX_TEST_HARD'] === '1'

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts', 'packages/dashboard/e2e/**/*.e2e.ts'],
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      'test/tools/**',
      ...(isLong ? [] : long),
      ...(isOnPostgres ? [] : onPostgres),
      ...(isHard || isLong ? [] : hard),
    ],
    sequence: { seed, sequencer: SlowFirst },
    // The tests run what people run: the built dashboard and the packed command line.
    globalSetup: ['tools/build-before-tests.ts', 'test/kit/postgres/run.ts'],
    // Processes, since tests end some for real. One takes file after file: loading the server anew for each cost a
    // third of the whole run. What a file changes of its process, it puts back.
    pool: 'forks',
    isolate: false,
    // Two more than the two cores this is measured on: some tests mostly wait.
    maxWorkers: 4,
    testTimeout: isLong ? 600_000 : 60_000,
    hookTimeout: isLong ? 300_000 : 120_000,
    teardownTimeout: 20_000,
    // A guarantee is said whole, and found by any of its words.
    taskTitleValueFormatTruncate: 200,
    // How long something may take to come is no test's matter, on a machine with other things to do.
    expect: { poll: { timeout: 20_000 } },
    reporters: ['default', './tools/closing-line.ts'],
  },
})
