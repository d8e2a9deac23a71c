// What other people's tools say about the example's app package. Each test needs its tool and is
// skipped by name where it is not; on Debian this has them all:
//   apt-get install --no-install-recommends aapt android-framework-res apksigner dexdump \
//     default-jdk-headless enjarify libsmali-java unzip zipalign
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureAapt2 } from '../../tools/aapt2.ts'
import { entriesOf } from './apk-reader.ts'
import { withSwappedStrings } from './dex-reader.ts'
import { build, exampleFolder, needs, run, smallBuild, temporaryFolder } from './example.ts'
import { callsOf, compileExample, compileStubs } from './java-tools.ts'

const frameworkRes = '/usr/share/android-framework-res/framework-res.apk'
const temporary = await temporaryFolder()
const apk = join(temporary.path, 'release.apk')
const debugApk = join(temporary.path, 'debug.apk')
const dex = join(temporary.path, 'classes.dex')

beforeAll(async () => {
  const env = await smallBuild(join(temporary.path, 'keys'))
  const version = ['--version-code', '7', '--version-name', '1.2.0', '--toolchain', 'small']
  for (const args of [
    ['--out', apk],
    ['--out', debugApk, '--build-type', 'debug'],
  ]) {
    expect(await build([...version, ...args], env)).toMatchObject({ exitCode: 0 })
  }
  const bytes = await readFile(apk)
  const code = entriesOf(bytes).find(({ name }) => name === 'classes.dex')
  const { dataOffset = 0, packedBytes = 0 } = code ?? {}
  await writeFile(dex, inflateRawSync(bytes.subarray(dataOffset, dataOffset + packedBytes)))
})

afterAll(async () => {
  await temporary[Symbol.asyncDispose]()
})

test('apksigner verifies v2 and v3', (ctx) => {
  needs(ctx, 'apksigner')
  const { exitCode, stdout } = run('apksigner', ['verify', '-v', apk])
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/v2 scheme .*: true/)
  expect(stdout).toMatch(/v3 scheme .*: true/)
})

test('apksigner refuses the package when one byte of a timestamp is changed', async (ctx) => {
  needs(ctx, 'apksigner')
  const changed = join(temporary.path, 'changed.apk')
  const bytes = await readFile(apk)
  bytes.writeUInt8(0xff, 10)
  await writeFile(changed, bytes)
  const { exitCode, stdout, stderr } = run('apksigner', ['verify', changed])
  expect(exitCode).not.toBe(0)
  expect(stdout + stderr).toContain('DOES NOT VERIFY')
})

test('zipalign finds every stored entry on a multiple of 4', (ctx) => {
  needs(ctx, 'zipalign')
  const { exitCode, stdout } = run('zipalign', ['-c', '-v', '4', apk])
  expect(exitCode).toBe(0)
  expect(stdout).toContain('Verification succ')
})

test('unzip finds no error and resources.arsc stored', (ctx) => {
  needs(ctx, 'unzip')
  expect(run('unzip', ['-t', apk])).toMatchObject({ exitCode: 0 })
  expect(run('unzip', ['-v', apk]).stdout).toMatch(/Stored .* resources\.arsc/)
})

test('aapt reads package, version, levels, name and launcher activity', (ctx) => {
  needs(ctx, 'aapt')
  const { stdout } = run('aapt', ['dump', 'badging', apk])
  expect(stdout).toContain("package: name='org.norrix.hello' versionCode='7' versionName='1.2.0'")
  expect(stdout).toContain("sdkVersion:'24'")
  expect(stdout).toContain("targetSdkVersion:'35'")
  expect(stdout).toContain("application-label:'Hello Norrix'")
  expect(stdout).toContain("launchable-activity: name='org.norrix.hello.MainActivity'")
})

describe('the manifest, read by aapt2,', () => {
  test('exports the launcher activity, which Android 12 insists on', async () => {
    expect(await manifestOf(apk)).toContain('exported(0x01010010)=true')
  })

  test('says debuggable in a debug build only', async () => {
    expect(await manifestOf(debugApk)).toContain('debuggable(0x0101000f)=true')
    expect(await manifestOf(apk)).not.toContain('debuggable')
  })

  test('asks for no permission', async () => {
    expect(await manifestOf(apk)).not.toContain('uses-permission')
  })

  async function manifestOf(file: string): Promise<string> {
    const args = ['dump', 'xmltree', file, '--file', 'AndroidManifest.xml']
    return run(await ensureAapt2(), args).stdout
  }
})

test('every name in the small framework has the number that the real one gives it', async (ctx) => {
  if (!existsSync(frameworkRes)) ctx.skip('no android-framework-res')
  const table = join(exampleFolder, 'tools', 'android-names', 'res', 'values', 'names.xml')
  const lines = (await readFile(table, 'utf8')).matchAll(/type="(\w+)" name="([\w.]+)" id="(\w+)"/g)
  const ours = [...lines].map(([, type, name, id]) => `resource ${id} ${type}/${name}`)
  const { stdout } = run(await ensureAapt2(), ['dump', 'resources', frameworkRes])
  const theirs = new Set(stdout.match(/resource 0x\w+ \w+\/[\w.]+/g))
  expect(ours.length).toBeGreaterThan(20)
  expect(ours.filter((line) => !theirs.has(line))).toEqual([])
})

describe("dexdump, which has Android's own verifier,", () => {
  test('accepts the code', (ctx) => {
    needs(ctx, 'dexdump')
    const { exitCode, stdout } = run('dexdump', ['-d', dex])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('Lorg/norrix/hello/MainActivity;.startPage:(Ljava/io/File;)')
  })

  test('refuses it with two string ids exchanged', async (ctx) => {
    needs(ctx, 'dexdump')
    const swapped = join(temporary.path, 'swapped.dex')
    await writeFile(swapped, withSwappedStrings(await readFile(dex)))
    const { exitCode, stderr } = run('dexdump', [swapped])
    expect(exitCode).not.toBe(0)
    expect(stderr).toMatch(/out-of-order/i)
  })
})

test('the original smali assembles the same instructions', async (ctx) => {
  needs(ctx, 'smali', 'baksmali')
  const original = join(temporary.path, 'original.dex')
  const source = join(exampleFolder, 'app', 'smali')
  expect(run('smali', ['assemble', '-a', '24', '-o', original, source])).toMatchObject({
    exitCode: 0,
  })
  expect(await disassembled(dex, 'ours')).toBe(await disassembled(original, 'theirs'))
})

async function disassembled(file: string, name: string): Promise<string> {
  const folder = join(temporary.path, name)
  expect(run('baksmali', ['disassemble', '-o', folder, file])).toMatchObject({ exitCode: 0 })
  return await readFile(join(folder, 'org', 'norrix', 'hello', 'MainActivity.smali'), 'utf8')
}

describe('the code, turned into a Java class by enjarify,', () => {
  test('passes the verifier of the JVM and makes the calls that MainActivity.java makes', async (ctx) => {
    needs(ctx, 'enjarify', 'javac', 'java')
    const stubs = join(temporary.path, 'stubs')
    const java = join(temporary.path, 'java')
    const jar = join(temporary.path, 'hello.jar')
    const files = join(temporary.path, 'files')
    compileStubs(stubs, true)
    compileExample(java, stubs)
    expect(run('enjarify', ['-f', '-o', jar, dex])).toMatchObject({ exitCode: 0 })

    const shipped = callsOf(jar, stubs, files)
    expect(shipped).toContain('WebView.loadUrl file:///android_asset/app/index.html')
    expect(shipped).toContain('WebSettings.setAllowFileAccess false')
    expect(shipped).toEqual(callsOf(java, stubs, files))

    await mkdir(join(files, 'app'), { recursive: true })
    await writeFile(join(files, 'app', 'index.html'), '')
    const updated = callsOf(jar, stubs, files)
    expect(updated).toContain(`WebView.loadUrl file://${join(files, 'app', 'index.html')}`)
    expect(updated).toContain('WebSettings.setAllowFileAccess true')
    expect(updated).toEqual(callsOf(java, stubs, files))
  })
})
