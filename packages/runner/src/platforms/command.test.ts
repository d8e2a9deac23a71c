import { expect, test } from 'vitest'
import { PlanError } from './backend.ts'
import { commandBackend } from './command.ts'

const project = { folder: '/project', platform: 'android', buildType: 'release' }

test('the plan is the configured command and patterns, letter by letter', async () => {
  const configured = {
    command: 'node build.mjs --type "$NORRIX_BUILD_TYPE"',
    artifacts: ['build/*.apk'],
  }
  expect(await commandBackend.detect({ ...project, configured })).toMatch(
    /names a command for android/,
  )
  expect(await commandBackend.plan({ ...project, configured })).toEqual({
    backend: 'command',
    ...configured,
  })
})

test('a platform without a command is not of this kind, and a command without artifacts is refused', async () => {
  expect(await commandBackend.detect({ ...project, configured: undefined })).toBeUndefined()
  await expect(commandBackend.plan({ ...project, configured: { command: ' ' } })).rejects.toThrow(
    PlanError,
  )
  await expect(
    commandBackend.plan({ ...project, configured: { command: 'make' } }),
  ).rejects.toThrow(/Add `artifacts`/)
})
