import { expect, test } from 'vitest'
import { homePaths } from './folder.ts'

const ana = { env: {}, cwd: '/work' }
const anaOnWindows = { env: {}, cwd: 'D:\\work', platform: 'win32' } as const

// `homeDir` is what Node gives as the user's folder: HOME, on Windows USERPROFILE.
test.each([
  [{ ...ana, homeDir: '/home/ana', platform: 'linux' }, '/home/ana/.norrix', '/'],
  [{ ...ana, homeDir: '/Users/ana', platform: 'darwin' }, '/Users/ana/.norrix', '/'],
  [{ ...anaOnWindows, homeDir: 'C:\\Users\\Ana Lee' }, 'C:\\Users\\Ana Lee\\.norrix', '\\'],
  [{ ...anaOnWindows, homeDir: '\\\\files\\home\\ana' }, '\\\\files\\home\\ana\\.norrix', '\\'],
  [{ ...ana, homeDir: '/home/ana', env: { NORRIX_HOME: 'here' } }, '/work/here', '/'],
  [
    { ...anaOnWindows, homeDir: 'C:\\Users\\ana', env: { NORRIX_HOME: 'E:\\keys' } },
    'E:\\keys',
    '\\',
  ],
] as const)(
  'sessions lie in the home folder, apart for each environment: %o',
  (around, folder, slash) => {
    const paths = homePaths(around)
    expect(paths.folder).toBe(folder)
    expect(paths.settings).toBe(`${folder}${slash}config.json`)
    expect(paths.session('prod')).toBe(`${folder}${slash}prod${slash}session.json`)
    expect(paths.session('dev')).toBe(`${folder}${slash}dev${slash}session.json`)
  },
)

test.each([
  { ...ana, homeDir: '', platform: 'linux' },
  { ...anaOnWindows, homeDir: 'Users\\ana' },
] as const)('a home folder that is not known is no place for sessions: %o', (around) => {
  expect(() => homePaths(around)).toThrow('Your home folder is not known')
})
