import { expect, test } from 'vitest'
import { fitOf, servedBy, versionOfAgent } from './versions.policy.ts'

test.each([
  ['0.1.0', '0.0.9', 'fits'],
  ['0.1.0', '0.2.7', 'fits'],
  ['0.1.0', '0.3.0', 'too_new'],
  ['0.3.2', '0.1.9', 'too_old'],
  ['0.3.2', '0.2.0', 'fits'],
  ['0.3.2', '0.4.99', 'fits'],
  ['0.10.0', '0.9.0', 'fits'],
  ['0.10.0', '0.2.0', 'too_old'],
  ['0.3.2', '1.0.0', 'too_new'],
  ['1.0.0', '0.9.0', 'too_old'],
  ['1.4.0', '1.0.0', 'fits'],
  ['1.4.0', '1.99.1', 'fits'],
  ['1.4.0', '2.0.0', 'too_new'],
  ['1.4.0', '2.0.0-beta.1', 'too_new'],
] as const)('a server of %s and a command line of %s: %s', (server, client, fit) => {
  expect(fitOf(client, servedBy(server))).toBe(fit)
})

test('only a command line has a version to be refused for', () => {
  expect(versionOfAgent('norrix/0.1.0 (linux; node 24.0.0)')).toBe('0.1.0')
  expect(versionOfAgent('norrix/0.2.0-beta.1 (linux)')).toBe('0.2.0')
  for (const other of [
    'norrix (linux; node 24.0.0)',
    'norrix/0.1',
    'curl/8.1.0',
    '',
    'norrix/1.2.3.4',
  ])
    expect(versionOfAgent(other)).toBeUndefined()
})
