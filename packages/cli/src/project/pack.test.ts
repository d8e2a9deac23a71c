import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { list } from 'tar'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listProjectFiles } from './files.ts'
import { packLimits, packProject } from './pack.ts'
import { looksSecret, npmrcHoldsToken } from './secrets.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'norrix-pack-test-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
const packed = async (): Promise<string[]> =>
  (await listProjectFiles(folder)).files.map(({ path }) => path)

test('what git ignores stays, file by file and folder by folder, as git reads it', async () => {
  write({
    '.gitignore': 'build/\n*.log\n!keep.log\n/only-here\n',
    'a.ts': '',
    'x.log': '',
    'keep.log': '',
    'build/out': '',
    'only-here': '',
    'sub/only-here': '',
    'sub/.gitignore': '*.tmp\n!x.log\n',
    'sub/y.tmp': '',
    'sub/x.log': '',
  })
  expect(await packed()).toEqual([
    '.gitignore',
    'a.ts',
    'keep.log',
    'sub/.gitignore',
    'sub/only-here',
    'sub/x.log',
  ])
})

test('a project inside a repository is ruled by the files above it, up to the repository', async () => {
  write({
    '.git/info/exclude': 'excluded\n',
    '.gitignore': '*.secret\n/app/generated\n',
    'app/a.ts': '',
    'app/b.secret': '',
    'app/excluded': '',
    'app/generated/c': '',
  })
  const { files } = await listProjectFiles(join(folder, 'app'))
  expect(files.map(({ path }) => path)).toEqual(['a.ts'])
})

test('dependencies, version control and what looks like a secret stay; a .norrixignore has the last word', async () => {
  write({
    'a.ts': '',
    'node_modules/x/index.js': '',
    '.git/HEAD': '',
    '.env': 'A=1',
    '.env.production': 'A=1',
    '.env.example': 'A=',
    'release.keystore': '',
    'debug.keystore': '',
    'sub/key.p12': '',
    'sub/needed.pem': '',
    'big.bin': '',
    '.norrixignore': '*.bin\n!needed.pem\n',
    '.npmrc': '//registry.example.com/:_authToken=abc\n',
  })
  const found = await listProjectFiles(folder)
  expect(found.files.map(({ path }) => path)).toEqual([
    '.env.example',
    '.norrixignore',
    'a.ts',
    'debug.keystore',
    'sub/needed.pem',
  ])
  expect(found.secrets.toSorted()).toEqual([
    '.env',
    '.env.production',
    '.npmrc',
    'release.keystore',
    'sub/key.p12',
  ])
})

test('links are packed as links where they stay in the project, and left out where they leave it', async () => {
  write({ 'a.ts': 'a', 'sub/b.ts': 'b' })
  symlinkSync('../a.ts', join(folder, 'sub/inside'))
  symlinkSync('../../outside', join(folder, 'sub/outside'))
  symlinkSync('/etc/passwd', join(folder, 'absolute'))
  const found = await listProjectFiles(folder)
  expect(found.files.map(({ path }) => path)).toEqual(['a.ts', 'sub/b.ts', 'sub/inside'])
  expect(found.links.toSorted()).toEqual(['absolute', 'sub/outside'])
})

test('the same files give the same bytes, whatever their times and names; hard links become files', async () => {
  write({ 'b.ts': 'b', '@a.ts': 'a', 'sub/c.ts': 'c' })
  linkSync(join(folder, 'b.ts'), join(folder, 'second-name'))
  const first = await packProject({ folder })
  const types: string[] = []
  await list({
    file: first.path,
    onReadEntry: (entry) => void types.push(`${entry.type} ${entry.path}`),
  })
  expect(types).toEqual(['File ./@a.ts', 'File ./b.ts', 'File ./second-name', 'File ./sub/c.ts'])
  await first.remove()
  writeFileSync(join(folder, 'b.ts'), 'b')
  const second = await packProject({ folder })
  expect(second.sha256).toBe(first.sha256)
  expect(second.sizeBytes).toBe(first.sizeBytes)
  await second.remove()
})

test('an empty project, and one where everything is left out, is refused', async () => {
  await expect(packProject({ folder })).rejects.toMatchObject({ code: 'project_empty' })
  write({ '.env': 'A=1' })
  await expect(packProject({ folder })).rejects.toMatchObject({
    code: 'project_empty',
    fix: expect.stringContaining('1 file left out'),
  })
})

test('a file of 2 GB is refused before anything is packed, by name', async () => {
  write({ 'a.ts': '', 'assets/huge.bin': '' })
  truncateSync(join(folder, 'assets/huge.bin'), 2e9)
  await expect(packProject({ folder })).rejects.toMatchObject({
    code: 'project_too_large',
    message: 'assets/huge.bin has 2.0 GB; a file may have 1 GiB (1,073,741,824 bytes).',
  })
})

test('a project that is too large packed is refused, and its half-made archive is gone', async () => {
  const random = crypto.getRandomValues(new Uint8Array(60_000))
  writeFileSync(join(folder, 'noise.bin'), random)
  const before = readdirSync(tmpdir()).filter(
    (name) => name.startsWith('norrix-pack-') && !name.includes('test'),
  )
  const limits = { ...packLimits, packedBytesMax: 10_000 }
  await expect(packProject({ folder, limits })).rejects.toMatchObject({ code: 'project_too_large' })
  const after = readdirSync(tmpdir()).filter(
    (name) => name.startsWith('norrix-pack-') && !name.includes('test'),
  )
  expect(after.filter((name) => !before.includes(name))).toEqual([])
})

test.each([
  ['.env', true],
  ['.env.local', true],
  ['.env.sample', false],
  ['id_ed25519', true],
  ['id_ed25519.pub', false],
  ['AuthKey_ABC.p8', true],
  ['server.pem', true],
  ['debug.keystore', false],
  ['my-service-account.json', true],
  ['google-services.json', false],
  ['keyboard.ts', false],
])('%s looks like a secret: %s', (name, expected) => {
  expect(looksSecret(name)).toBe(expected)
})

test('an .npmrc is a secret when it holds the token itself', () => {
  expect(npmrcHoldsToken('//r/:_authToken=abc')).toBe(true)
  expect(npmrcHoldsToken('//r/:_authToken=${NPM_TOKEN}\nsave-exact=true')).toBe(false)
  expect(npmrcHoldsToken('# _authToken=abc')).toBe(false)
})
