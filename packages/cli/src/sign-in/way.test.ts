import { expect, test } from 'vitest'
import type { Call } from '../needs/call.ts'
import { chooseWay, type Place } from './way.ts'

const none: Call = { words: [], options: {} }
const place = (env: Place['env'], more: Partial<Place> = {}): Place => ({
  env,
  platform: 'linux',
  isContainer: false,
  ...more,
})
const desktop = { DISPLAY: ':0' }

test.each([
  ['a desktop with X', place(desktop), 'browser', undefined],
  ['a desktop with Wayland', place({ WAYLAND_DISPLAY: 'wayland-0' }), 'browser', undefined],
  ['macOS', place({}, { platform: 'darwin' }), 'browser', undefined],
  ['Windows', place({}, { platform: 'win32' }), 'browser', undefined],
  ['WSL', place({ WSL_DISTRO_NAME: 'Debian' }), 'browser', undefined],
  ['a browser that somebody named', place({ BROWSER: 'firefox' }), 'browser', undefined],
  ['a flatpak', place({ ...desktop, container: 'flatpak' }), 'browser', undefined],
  ['SSH', place({ SSH_CONNECTION: '203.0.113.7 1 198.51.100.2 22' }), 'code', 'an SSH session'],
  ['SSH with X forwarded', place({ ...desktop, SSH_TTY: '/dev/pts/1' }), 'code', 'an SSH session'],
  ['SSH to a Mac', place({ SSH_TTY: '/dev/ttys1' }, { platform: 'darwin' }), 'code', 'an SSH'],
  ['a codespace', place({ CODESPACES: 'true', BROWSER: 'x' }), 'code', 'a codespace'],
  ['Gitpod', place({ GITPOD_WORKSPACE_ID: 'x-y' }), 'code', 'a Gitpod workspace'],
  ['Docker', place(desktop, { isContainer: true }), 'code', 'a container'],
  ['Podman', place({ container: 'podman' }), 'code', 'a container'],
  ['Kubernetes', place({ KUBERNETES_SERVICE_HOST: '10.0.0.1' }), 'code', 'a container'],
  [
    'a dev container',
    place({ REMOTE_CONTAINERS: 'true', BROWSER: 'x' }),
    'code',
    'a dev container',
  ],
  [
    'a container with a browser named',
    place({ BROWSER: 'x' }, { isContainer: true }),
    'browser',
    undefined,
  ],
  ['a console without a display', place({}), 'code', 'no display'],
  ['a browser that is switched off', place({ ...desktop, BROWSER: 'none' }), 'code', 'BROWSER'],
  [
    'variables that are empty',
    place({ ...desktop, SSH_TTY: '', CODESPACES: '' }),
    'browser',
    undefined,
  ],
] as const)('on %s it is chosen by itself', (_, at, way, because) => {
  const chosen = chooseWay(none, at)
  expect(chosen).toMatchObject({ way, isAsked: false })
  if (because === undefined) expect(chosen.because).toBeUndefined()
  else expect(chosen.because ?? '').toContain(because)
})

test.each([
  [{ browser: true }, 'browser', '--browser'],
  [{ device: true }, 'code', '--device'],
  [{ browser: false }, 'hand', '--no-browser'],
  [{ callbackPort: '8123' }, 'browser', '--callback-port'],
  [{ browser: true, callbackPort: '8123' }, 'browser', '--browser'],
] as const)('%j goes before whatever the place is like', (options, way, flag) => {
  for (const at of [place(desktop), place({ SSH_TTY: 'x' }, { isContainer: true })]) {
    const chosen = chooseWay({ words: [], options }, at)
    expect(chosen).toEqual({ way, because: `of ${flag}`, isAsked: true })
  }
})

test.each([
  { browser: true, device: true },
  { browser: false, device: true },
  { device: true, callbackPort: '8123' },
  { browser: false, callbackPort: '8123' },
])('%j are two ways at once, and refused', (options) => {
  expect(() => chooseWay({ words: [], options }, place(desktop))).toThrow(
    expect.objectContaining({ code: 'usage' }),
  )
})
