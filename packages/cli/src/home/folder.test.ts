import { expect, test } from 'vitest'
import { homePaths } from './folder.ts'

const ana = { env: {}, cwd: '/clone' }
const anaOnWindows = { env: {}, cwd: 'D:\\work', platform: 'win32' } as const
const elsewhere = (folder: string) => ({ env: { NORRIX_HOME: folder } })

// `homeDir` is what Node gives as the user's folder: HOME, on Windows USERPROFILE.
const homes = [
  [{ ...ana, homeDir: '/home/ana', platform: 'linux' }, '/home/ana/.norrix', '/'],
  [{ ...ana, homeDir: '/Users/ana', platform: 'darwin' }, '/Users/ana/.norrix', '/'],
  [{ ...anaOnWindows, homeDir: 'C:\\Users\\Ana Lee' }, 'C:\\Users\\Ana Lee\\.norrix', '\\'],
  [{ ...anaOnWindows, homeDir: '\\\\files\\home\\ana' }, '\\\\files\\home\\ana\\.norrix', '\\'],
  [{ ...ana, homeDir: '/home/ana', ...elsewhere('here') }, '/clone/here', '/'],
  [{ ...anaOnWindows, homeDir: 'C:\\Users\\ana', ...elsewhere('E:\\keys') }, 'E:\\keys', '\\'],
] as const

test('on Linux, macOS and Windows sessions lie in the home folder, apart for each environment', () => {
  for (const [around, folder, slash] of homes) {
    const paths = homePaths(around)
    expect(paths.folder).toBe(folder)
    expect(paths.settings).toBe(`${folder}${slash}config.json`)
    expect(paths.session('prod')).toBe(`${folder}${slash}prod${slash}session.json`)
    expect(paths.session('dev')).toBe(`${folder}${slash}dev${slash}session.json`)
  }
})

test('each profile has sessions of its own; those of the default one lie where they always lay', () => {
  const around = { ...ana, homeDir: '/home/ana' }
  expect(homePaths(around, 'second').session('dev')).toBe(
    '/home/ana/.norrix/dev/second/session.json',
  )
  expect(homePaths(around, 'default').session('dev')).toBe('/home/ana/.norrix/dev/session.json')
})

// NORRIX_HOME, as many set it for a container, moves the sessions and not their key.
const keys = [
  [{ homeDir: '/home/ana', env: {} }, '/home/ana/.local/state/norrix/key'],
  [{ homeDir: '/Users/ana', env: {}, platform: 'darwin' }, '/Users/ana/.local/state/norrix/key'],
  [{ homeDir: '/home/ana', env: { XDG_STATE_HOME: '/var/state' } }, '/var/state/norrix/key'],
  [{ homeDir: '/home/ana', env: { XDG_STATE_HOME: 'state' } }, '/home/ana/.local/state/norrix/key'],
  [{ homeDir: '/home/ana', env: { NORRIX_HOME: '/data' } }, '/home/ana/.local/state/norrix/key'],
  [
    { homeDir: 'C:\\Users\\ana', env: {}, platform: 'win32' },
    'C:\\Users\\ana\\AppData\\Local\\norrix\\key',
  ],
  [
    { homeDir: 'C:\\Users\\ana', env: { LOCALAPPDATA: 'D:\\local' }, platform: 'win32' },
    'D:\\local\\norrix\\key',
  ],
] as const

test('the key of the sessions lies outside their folder, where programs keep their state', () => {
  for (const [around, key] of keys) {
    const paths = homePaths({ cwd: '/clone', ...around })
    expect(paths.key).toBe(key)
    expect(paths.key.startsWith(paths.folder)).toBe(false)
  }
})

test('a home folder that is not known is no place for sessions', () => {
  for (const around of [
    { ...ana, homeDir: '', platform: 'linux' },
    { ...anaOnWindows, homeDir: 'Users\\ana' },
  ] as const) {
    const paths = homePaths(around)
    expect(paths.isKnown).toBe(false)
    expect(() => paths.settings).toThrow('Your home folder is not known')
    expect(() => paths.session('prod')).toThrow('Your home folder is not known')
    expect(() => paths.key).toThrow('Your home folder is not known')
  }
})
