import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runNorrix, temporaryHome } from '../../test/kit/run-norrix.ts'
import { bundleCli } from './bundle.ts'
import { keyringPackage } from './src/home/keyring/keyring.ts'

const folder = mkdtempSync(join(tmpdir(), 'norrix-bundle-'))
const main = join(folder, 'one/package/norrix.cjs')
let tarball: string
beforeAll(async () => {
  tarball = (await bundleCli(join(folder, 'one'))).tarball
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const digest = (path: string): string =>
  createHash('sha512').update(readFileSync(path)).digest('hex')

test('equal sources give equal bytes', async () => {
  const again = await bundleCli(join(folder, 'two'))
  expect(digest(again.tarball)).toBe(digest(tarball))
})

test('it depends on nothing, and carries the licences of what is in it', () => {
  const manifest = JSON.parse(readFileSync(join(folder, 'one/package/package.json'), 'utf8'))
  expect(manifest).toMatchObject({
    name: '@norrix/cli',
    bin: { norrix: 'norrix.cjs' },
    engines: { node: '>=20.19' },
  })
  expect(manifest).not.toHaveProperty('dependencies')
  expect(manifest).not.toHaveProperty('private')
  const licenses = readFileSync(join(folder, 'one/package/THIRD-PARTY-LICENSES.txt'), 'utf8')
  const names = [...licenses.matchAll(/^(\S+) \d+\.\d+\.\d+$/gm)].map(([, name]) => name)
  const expected = [
    '@clack/prompts',
    'commander',
    'ignore',
    'oauth4webapi',
    'openid-client',
    'tar',
    'tinyglobby',
  ]
  expect(names).toEqual(expect.arrayContaining(expected))
})

test('what reaches the keyring is asked for in the version that was tested', () => {
  const own = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
  expect(own.optionalDependencies).toEqual({
    '@napi-rs/keyring': keyringPackage.replace(/^.*@/, ''),
  })
})

test('nothing of this machine is in it, and no server', () => {
  for (const name of readdirSync(join(folder, 'one/package'))) {
    const text = readFileSync(join(folder, 'one/package', name), 'utf8')
    const foreign = [...text.matchAll(/\b(?:from|import) ?"([\w@./:-]+)"/g)]
      .map(([, specifier = '']) => specifier)
      .filter((specifier) => !specifier.startsWith('./') && !isBuiltin(specifier))
    // Compared as short values: the files themselves are no help in a report.
    expect({ name, foreign, hasPath: text.includes(process.cwd()) }).toEqual({
      name,
      foreign: [],
      hasPath: false,
    })
    expect({ name, server: /\bZodType\b|oidc-provider|node:sqlite/.test(text) }).toEqual({
      name,
      server: false,
    })
  }
})

test('it starts, and finds defineConfig for a project that installed nothing', async () => {
  const home = temporaryHome()
  const version = await runNorrix(['--version'], { main, home: home.path })
  expect(version).toMatchObject({ code: 0, stdout: 'norrix 0.1.0\n', stderr: '' })
  writeFileSync(
    join(home.path, 'norrix.config.mjs'),
    "import { defineConfig } from '@norrix/cli'\nexport default defineConfig({ name: 1 })",
  )
  const build = await runNorrix(['build', 'android', 'release'], { main, home: home.path })
  expect(build.code).toBe(1)
  expect(build.stderr).toMatch(/norrix\.config\.mjs has 4\s+problems/)
  home.remove()
})

test('--help loads no more than it says with: none of the parts that a command brings', () => {
  const trace = execFileSync(process.execPath, ['--input-type=module', '-e', loadedBy(main)], {
    encoding: 'utf8',
  })
  const loaded = trace.trim().split('\n')
  expect(loaded.length).toBeLessThanOrEqual(8)
})

test('on a Node that is too old it says one sentence', () => {
  const source = readFileSync(main, 'utf8').replaceAll('process.versions.node', '"18.20.4"')
  const old = join(folder, 'old.cjs')
  writeFileSync(old, source)
  expect(() => execFileSync(process.execPath, [old], { stdio: 'pipe', encoding: 'utf8' })).toThrow(
    expect.objectContaining({
      status: 1,
      stderr: expect.stringMatching(
        /^norrix needs Node 20\.19 or newer; this is 18\.20\.4\.\n {2}fix {3}/,
      ),
    }),
  )
  // ES5 has none of these; an older Node could not even read the sentence.
  expect(source).not.toMatch(/=>|\b(?:const|let|import|class|async)\b|`/)
})

/** A program that runs another and prints the modules of ours that were loaded. */
function loadedBy(path: string): string {
  return `import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => { if (url.startsWith('file:')) loaded.push(url); return next(url, context) } })
    process.argv = [process.argv[0], ${JSON.stringify(path)}, '--help']
    process.stdout.write = () => true
    process.on('exit', () => process.stderr.write(''))
    await import(${JSON.stringify(path)})
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { writeSync } = await import('node:fs')
    writeSync(1, loaded.join('\\n') + '\\n')`
}
