import { expect, test } from 'vitest'
import { safeFileName } from './download.ts'

test.each([
  ['app-release.apk', 'app-release.apk'],
  ['../../etc/passwd', '__.._etc_passwd'],
  ['..', '_'],
  ['.bashrc', '_bashrc'],
  ['a\\b:c*d?e"f<g>h|i', 'a_b_c_d_e_f_g_h_i'],
  ['con', '_con'],
  ['NUL.txt', '_NUL.txt'],
  ['name. ', 'name'],
  ['n\u202eam\u0007e', 'n_am_e'],
  ['', 'artifact'],
])(
  'an artifact called %j is written as %j: in the folder, and a name on every system',
  (name, expected) => {
    expect(safeFileName(name)).toBe(expected)
  },
)
