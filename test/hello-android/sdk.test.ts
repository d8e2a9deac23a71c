// The build with an Android SDK, against a folder that looks like one: javac, aapt2, zipalign and
// apksigner are the real ones; d8 is played by the original smali assembler, because Google's d8 is
// in no package that this project may install. A real SDK has not been run here.
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { TestContext } from 'vitest'
import { ensureAapt2 } from '../../tools/aapt2.ts'
import { verifySignatures } from './apk-reader.ts'
import { build, exampleFolder, needs, pathOf, run, temporaryFolder } from './example.ts'
import { compileStubs } from './java-tools.ts'

const temporary = await temporaryFolder()
const home = join(temporary.path, 'sdk')
const tools = join(home, 'build-tools', '35.0.0')
const platform = join(home, 'platforms', 'android-35')
const d8Arguments = join(temporary.path, 'd8-arguments')

afterAll(async () => {
  await temporary[Symbol.asyncDispose]()
})

test('a complete SDK is taken by itself, and its tools are called as they want to be', async (ctx) => {
  needs(ctx, 'javac', 'jar', 'zipalign', 'apksigner', 'smali')
  await layOutSdk()
  const out = join(temporary.path, 'out', 'app.apk')
  const env = { ANDROID_HOME: home, NORRIX_EXAMPLE_KEY_DIR: join(temporary.path, 'keys') }
  const { exitCode, stdout, stderr } = await build(['--out', out], env)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(stdout).toContain('Android SDK, build-tools 35.0.0, android-35')

  const schemes = verifySignatures(await readFile(out)).map(({ scheme }) => scheme)
  expect(schemes).toEqual(['v2', 'v3'])
  expect(run('zipalign', ['-c', '4', out])).toMatchObject({ exitCode: 0 })
  expect(await readdir(join(temporary.path, 'out'))).toEqual(['app.apk'])

  const given = (await readFile(d8Arguments, 'utf8')).trim().split('\n')
  expect(given.slice(0, 5)).toEqual(['--release', '--min-api', '24', '--lib', androidJar()])
  expect(given.at(-1)).toMatch(/MainActivity\.class$/)
})

test('the same key and the same tools give the same bytes', async (ctx: TestContext) => {
  needs(ctx, 'javac', 'jar', 'zipalign', 'apksigner', 'smali')
  const env = { ANDROID_HOME: home, NORRIX_EXAMPLE_KEY_DIR: join(temporary.path, 'keys') }
  const out = join(temporary.path, 'again.apk')
  expect(await build(['--out', out], env)).toMatchObject({ exitCode: 0 })
  expect(await readFile(out)).toEqual(await readFile(join(temporary.path, 'out', 'app.apk')))
})

async function layOutSdk(): Promise<void> {
  for (const folder of [tools, platform]) await mkdir(folder, { recursive: true })
  await symlink(await ensureAapt2(), join(tools, 'aapt2'))
  for (const name of ['zipalign', 'apksigner']) await symlink(pathOf(name) ?? '', join(tools, name))
  await playD8()
  await makeAndroidJar()
}

// Writes down its arguments, insists on the compiled class, and lets smali write classes.dex.
async function playD8(): Promise<void> {
  const script = `#!/bin/sh
set -eu
printf '%s\\n' "$@" > '${d8Arguments}'
while [ $# -gt 1 ]; do
  if [ "$1" = --output ]; then output=$2; fi
  shift
done
test -s "$1"
exec smali assemble -a 24 -o "$output/classes.dex" '${join(exampleFolder, 'app', 'smali')}'
`
  await writeFile(join(tools, 'd8'), script)
  await chmod(join(tools, 'd8'), 0o755)
}

// android.jar is two things at once: classes for javac, and resources for aapt2.
async function makeAndroidJar(): Promise<void> {
  const names = join(exampleFolder, 'tools', 'android-names')
  const compiled = join(temporary.path, 'names.zip')
  const aapt2 = await ensureAapt2()
  run(aapt2, ['compile', '--dir', join(names, 'res'), '-o', compiled])
  const manifest = join(names, 'AndroidManifest.xml')
  run(aapt2, ['link', '--manifest', manifest, '-o', androidJar(), compiled])
  const stubs = join(temporary.path, 'stubs')
  compileStubs(stubs, false)
  expect(run('jar', ['uf', androidJar(), '-C', stubs, '.'])).toMatchObject({ exitCode: 0 })
}

function androidJar(): string {
  return join(platform, 'android.jar')
}
