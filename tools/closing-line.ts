// A vitest reporter that ends every run with what its tests have to say of themselves (`annotate`) and one plain line, for
// people and for programs: `N passed, N failed, N skipped`. Where NORRIX_TEST_RECORD names a file, the same goes there.
import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

export type Counts = { passed: number; failed: number; skipped: number }

/** A run, as `NORRIX_TEST_RECORD` gets it. */
export interface RunRecord {
  readonly counts: Counts
  readonly seed: string
  /** What tests said of themselves, a sentence each. */
  readonly notes: readonly string[]
  /** The full names of the tests that did not run. */
  readonly skipped: readonly string[]
}

/**
 * Counts tests; a file that could not be loaded, a suite whose hook failed and an error that no test
 * owns count as one failure each, so that the line never says less than the exit code.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unowned: readonly SerializedError[]): void {
    const counts: Counts = { passed: 0, failed: unowned.length, skipped: 0 }
    for (const module of modules) count(module, counts)
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const seed = process.env['NORRIX_TEST_SEED'] ?? ''
    const notes = tests.flatMap((test) => test.annotations().map(({ message }) => message))
    const skipped = tests
      .filter((test) => test.result().state === 'skipped')
      .map((test) => test.fullName)
    const record: RunRecord = { counts, seed, notes, skipped }
    const file = process.env['NORRIX_TEST_RECORD']
    if (file) writeFileSync(file, JSON.stringify(record))
    const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
    // After the summary of the default reporter, which is written in the same turn.
    setImmediate(() => {
      process.stdout.write([...notes, `seed ${seed}`, line, ''].join('\n'))
    })
  }
}

// vitest loads a reporter given by path through its default export.
// oxlint-disable-next-line import/no-default-export
export default ClosingLine

function count(module: TestModule, counts: Counts): void {
  counts.failed += module.errors().length
  for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    counts[state === 'pending' ? 'skipped' : state] += 1
  }
}
