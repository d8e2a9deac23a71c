import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkConfig } from './check-config.ts'
import { evaluateConfig } from './evaluate.ts'
import { readProject } from './project.ts'

const signal = new AbortController().signal
const good = {
  name: 'hello',
  version: '1.0.0',
  buildNumber: 1,
  android: { command: 'make', artifacts: ['build/*.apk'] },
}

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'norrix-project-'))))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const around = (env: Record<string, string> = {}, nodeVersion = process.versions.node) => ({
  cwd: folder,
  env: { PATH: process.env['PATH'], ...env },
  signal,
  nodeVersion,
})
function write(name: string, text: string): void {
  writeFileSync(join(folder, name), text)
}

test('a TypeScript configuration finds defineConfig in a project that installed nothing', async () => {
  write(
    'norrix.config.ts',
    `import { defineConfig, type NorrixConfig } from '@norrix/cli'
     const part: NorrixConfig['android'] = ${JSON.stringify(good.android)}
     export default defineConfig({ name: 'hello', version: '1.0.0', buildNumber: 1, android: part })`,
  )
  expect((await readProject(around())).config).toEqual(good)
})

test.each(['module', 'commonjs', undefined])(
  'it is an ES module beside a package.json of type %s',
  async (type) => {
    write('package.json', JSON.stringify({ type }))
    write('norrix.config.ts', `export default ${JSON.stringify(good)} as object`)
    expect((await readProject(around())).config).toEqual(good)
  },
)

test('a .mjs that imports its neighbour, a promise, and plain JSON work too', async () => {
  write('version.mjs', 'export const version = "1.0.0"')
  write(
    'norrix.config.mjs',
    `import { version } from './version.mjs'
     import { defineConfig } from '@norrix/cli'
     export default Promise.resolve(defineConfig({ ...${JSON.stringify(good)}, version }))`,
  )
  expect((await readProject(around())).config).toEqual(good)
  rmSync(join(folder, 'norrix.config.mjs'))
  write('norrix.config.json', JSON.stringify(good))
  expect((await readProject(around())).config).toEqual(good)
})

test("somebody else's package of our name in node_modules is not loaded", async () => {
  mkdirSync(join(folder, 'node_modules/@norrix/cli'), { recursive: true })
  write(
    'node_modules/@norrix/cli/package.json',
    '{"name":"@norrix/cli","type":"module","exports":"./index.js"}',
  )
  write('node_modules/@norrix/cli/index.js', 'throw new Error("the other one")')
  write(
    'norrix.config.mjs',
    `import { defineConfig } from '@norrix/cli'\nexport default defineConfig(${JSON.stringify(good)})`,
  )
  expect((await readProject(around())).config).toEqual(good)
})

test('a configuration sees no NORRIX_ variable, and nothing that it prints comes out (T98)', async () => {
  write(
    'norrix.config.mjs',
    `console.log(process.env); console.error(JSON.stringify(process.env))
     export default { env: process.env }`,
  )
  const env = {
    PATH: process.env['PATH'],
    NORRIX_API_KEY: 'nrx_secret',
    norrix_runner_token: 'nrr_secret',
    KEPT: 'yes',
  }
  const value = await evaluateConfig({ path: join(folder, 'norrix.config.mjs'), env, signal })
  expect(JSON.stringify(value)).not.toContain('secret')
  expect(value).toMatchObject({ env: { KEPT: 'yes' } })
})

test.each([
  ['throws', 'throw new Error("no luck\\nsecond line")', /failed: Error: no luck second line/],
  ['throws what is no error', 'throw "text"', /failed: text/],
  ['has a mistake in it', 'export default {', /failed: SyntaxError/],
  ['ends the process', 'process.exit(0)', /ended the process before/],
  ['kills itself', 'process.kill(process.pid, "SIGKILL")', /ended the process before/],
  ['exports a cycle', 'const a = {}; a.a = a; export default a', /failed: TypeError/],
  ['exports 2 MB', 'export default "x".repeat(2_000_000)', /exports more than 1 MB/],
])('a configuration that %s is a named fault without a stack', async (_, text, message) => {
  write('norrix.config.mjs', text)
  const fault = await readProject(around()).catch((error: unknown) => error)
  expect(fault).toMatchObject({ code: 'config_failed', message: expect.stringMatching(message) })
  expect((fault as Error).message).not.toMatch(/\n| {4}at /) // it has a message: seen above
})

test('a name in disguise is refused here as the server would refuse it', () => {
  for (const name of ['a\u202eb', 'a\u2066b', 'a\u009bb', 'a\nb'])
    expect(checkConfig({ ...good, name })).toMatchObject({
      ok: false,
      problems: [{ path: 'name', reason: expect.stringContaining('turn the text') }],
    })
  expect(checkConfig({ ...good, name: 'שלום 👩‍🔧' })).toMatchObject({ ok: true })
})

test('a configuration that hangs is ended in time', async () => {
  write('norrix.config.mjs', 'for (;;);')
  const path = join(folder, 'norrix.config.mjs')
  const evaluated = evaluateConfig({ path, env: around().env, signal, timeoutMs: 1500 })
  await expect(evaluated).rejects.toMatchObject({
    code: 'config_failed',
    message: expect.stringContaining('did not end within 1.5 s'),
  })
})

test('a configuration is ended with all that it started, and Ctrl-C ends it too', async () => {
  write(
    'norrix.config.mjs',
    `import { spawn } from 'node:child_process'
     import { renameSync, writeFileSync } from 'node:fs'
     const child = spawn('sleep', ['600'])
     const at = (name) => new URL(name, import.meta.url)
     writeFileSync(at('./part'), String(child.pid))
     renameSync(at('./part'), at('./pid'))
     for (;;);`,
  )
  const stop = new AbortController()
  const path = join(folder, 'norrix.config.mjs')
  const evaluated = evaluateConfig({
    path,
    env: around().env,
    signal: stop.signal,
    timeoutMs: 30_000,
  })
  const outcome = evaluated.catch((error: unknown) => error)
  await expect.poll(() => existsSync(join(folder, 'pid')), { timeout: 25_000 }).toBe(true)
  stop.abort(new Fault('interrupted', { message: 'Stopped.' }))
  expect(await outcome).toMatchObject({ code: 'interrupted' })
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'))
  await expect.poll(() => isAlive(pid)).toBe(false)
})

test('one that keeps a timer open is done once it has exported', async () => {
  write('norrix.config.mjs', `setInterval(() => {}, 1000)\nexport default ${JSON.stringify(good)}`)
  expect((await readProject(around())).config).toEqual(good)
})

test('on a Node that cannot read .ts the text says so and offers .mjs', async () => {
  write('norrix.config.ts', 'export default {}')
  await expect(readProject(around({}, '20.19.2'))).rejects.toMatchObject({
    code: 'config_failed',
    message: expect.stringContaining('needs Node 22.18 or newer; this is 20.19.2'),
    fix: expect.stringContaining('norrix.config.mjs'),
  })
})

test('it is found from a folder below, and two of them in one folder are refused', async () => {
  write('norrix.config.json', JSON.stringify(good))
  mkdirSync(join(folder, 'src/deep'), { recursive: true })
  const found = await readProject({ ...around(), cwd: join(folder, 'src/deep') })
  expect(found.folder).toBe(folder)
  write('norrix.config.mjs', 'export default {}')
  await expect(readProject(around())).rejects.toMatchObject({ code: 'config_invalid' })
})

test('no project is a fault of its own', async () => {
  await expect(readProject(around())).rejects.toMatchObject({ code: 'no_project' })
})

test('every fault of a configuration is found at once, with its path', () => {
  const checked = checkConfig({
    version: 1,
    buildNumber: -1,
    colour: 'red',
    android: { command: '', artifacts: ['../x', '/etc/passwd', 7], extra: true },
    ios: 'no',
  })
  expect(checked.ok ? [] : checked.problems.map(({ path }) => path)).toEqual([
    'colour',
    'name',
    'version',
    'buildNumber',
    'ios',
    'android.extra',
    'android.command',
    'android.artifacts[0]',
    'android.artifacts[1]',
    'android.artifacts[2]',
  ])
})

/** A process that has ended and that nobody has asked about yet is a zombie: dead all the same. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  const status = `/proc/${pid}/status`
  return !existsSync(status) || !/^State:\tZ/m.test(readFileSync(status, 'utf8'))
}
