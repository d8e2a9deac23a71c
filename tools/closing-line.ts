// A vitest reporter that ends every run with one plain line, for people and for programs:
// `N passed, N failed, N skipped`.
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

type Counts = { passed: number; failed: number; skipped: number }

/**
 * Counts tests; a file that could not be loaded, a suite whose hook failed and an error that no test
 * owns count as one failure each, so that the line never says less than the exit code.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unowned: readonly SerializedError[]): void {
    const counts: Counts = { passed: 0, failed: unowned.length, skipped: 0 }
    for (const module of modules) count(module, counts)
    const { passed, failed, skipped } = counts
    const seed = process.env['NORRIX_TEST_SEED'] ?? ''
    // After the summary of the default reporter, which is written in the same turn.
    setImmediate(() => {
      process.stdout.write(`seed ${seed}\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
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
