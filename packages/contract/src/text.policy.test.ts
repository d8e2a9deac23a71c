import { expect, test } from 'vitest'
import { limitText, sizeText } from './size.policy.ts'
import { directions, undisguised } from './text.policy.ts'

test('a size is what was measured in powers of ten; a limit is exact and says its bytes', () => {
  expect([0, 999, 1000, 1_800_000, 1_999_999_999, 999_950].map(sizeText)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '1.8 MB',
    '2.0 GB',
    '1.0 MB',
  ])
  expect([50_000, 255, 1024, 1024 ** 3, 100 * 1024 ** 2].map(limitText)).toEqual([
    '50,000 bytes',
    '255 bytes',
    '1 KiB (1,024 bytes)',
    '1 GiB (1,073,741,824 bytes)',
    '100 MiB (104,857,600 bytes)',
  ])
})

test('a name may be of any script and no disguise', () => {
  for (const good of ['Hello', 'שלום', '日本', '👩‍🔧 tools', 'a b']) expect(good).toMatch(undisguised)
  for (const bad of ['a\nb', 'a\u202eb', 'a\u2066b', 'a\u0000', ''])
    expect(bad).not.toMatch(undisguised)
  expect('a\u200e\u202e\u2069\u061cb'.replace(directions, '')).toBe('ab')
})
