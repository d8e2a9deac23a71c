import { expect, test } from 'vitest'
import { installLine } from './install-line.ts'

const origin = 'https://norrix.example.com'
const place = {
  homeDir: '/home/ana',
  nodePath: '/usr/local/bin/node',
  programPath: '/usr/local/lib/node_modules/@norrix/cli/part-start.js',
  platform: 'linux',
} as const

test.each([
  ['where npm installs anyway, nothing is added', place, true, ''],
  ['a folder of root’s is not written to', place, false, ' --prefix ~/.local'],
  [
    'a copy in the home is replaced where it lies',
    { ...place, programPath: '/home/ana/.local/lib/node_modules/@norrix/cli/main.js' },
    true,
    ' --prefix ~/.local',
  ],
  [
    'a copy elsewhere too',
    { ...place, programPath: '/opt/tools/lib/node_modules/@norrix/cli/main.js' },
    true,
    ' --prefix /opt/tools',
  ],
  [
    'and where a shell would read the path otherwise it is quoted',
    { ...place, programPath: "/opt/ana's tools/lib/node_modules/@norrix/cli/main.js" },
    true,
    " --prefix '/opt/ana'\\''s tools'",
  ],
  [
    'from a clone: npm decides',
    { ...place, programPath: '/src/norrix/dist/cli/main.js' },
    true,
    '',
  ],
  ['on Windows npm’s folder is the user’s', { ...place, platform: 'win32' }, false, ''],
] as const)('%s', (_, where, writable, flag) => {
  expect(installLine(origin, where, () => writable)).toBe(`npm install -g${flag} ${origin}/cli.tgz`)
})
