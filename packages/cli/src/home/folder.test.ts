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

test('a home folder that is not known is no place for sessions', () => {
  for (const around of [
    { ...ana, homeDir: '', platform: 'linux' },
    { ...anaOnWindows, homeDir: 'Users\\ana' },
  ] as const) {
    expect(() => homePaths(around)).toThrow('Your home folder is not known')
  }
})
