import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { copyOfTheProject, type Copy } from './copy.ts'
import { mutations, type Proof } from './mutations.ts'

/**
 * The checks are checked: each breach is planted into a copy of the project, and the check that guards against it has to
 * turn red and to name it. In the long run only: it is a dozen other runs.
 */
const patienceMs = 300_000

describe.runIf(process.env['NORRIX_TEST_LONG'] === '1')('a check that guards', () => {
  let copy: Copy
  beforeAll(() => void (copy = copyOfTheProject()))
  afterAll(() => copy?.remove())

  const proofs = new Map(mutations.map(({ by }) => [wordsOf(by).join(' '), by]))
  test.each([...proofs])(
    'lets the project as it is pass: %s',
    async (_words, proof) => {
      const { code, text } = await copy.run(wordsOf(proof))
      expect(code, text).toBe(0)
    },
    patienceMs,
  )

  test.each(mutations.map((mutation) => [mutation.breach, mutation] as const))(
    'turns red at %s',
    async (_breach, { file, find, replace, by, red }) => {
      const mend = copy.change(file, find, replace)
      try {
        const { code, text } = await copy.run(wordsOf(by))
        expect(code, text).not.toBe(0)
        for (const words of red) expect(text).toMatch(words)
      } finally {
        mend()
      }
    },
    patienceMs,
  )
})

function wordsOf(proof: Proof): string[] {
  if ('check' in proof) return ['tools/check.ts', proof.check]
  const only = proof.only === undefined ? [] : ['--testNamePattern', proof.only]
  return ['node_modules/vitest/vitest.mjs', 'run', proof.tests, ...only]
}
