import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The files that take longest, longest first (seen on two cores). Begun late, one of them is all that still runs at the end. */
const slow = [
  'test/seed/authentication.test.ts',
  'test/journeys/bad-input-served.test.ts',
  'test/journeys/waiting-for-a-runner.test.ts',
  'test/journeys/bad-input.test.ts',
  'packages/runner/src/isolation/isolation.test.ts',
  'packages/runner/src/job/run.test.ts',
  'test/journeys/bad-input-of-operators.test.ts',
  'test/sweep/sweep.test.ts',
  'packages/dashboard/e2e/shell.e2e.ts',
]

/** Runs the slow files first; the rest in Vitest's own order. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = slow.findIndex((name) => moduleId.endsWith(name))
      return at === -1 ? slow.length : at
    }
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}
