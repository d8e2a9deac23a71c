import { spawn, type ChildProcess } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const clone = join(import.meta.dirname, '../..')
const ownNode = `node-${process.platform}-${process.arch}`
const locked = { 'node_modules/left': { version: '1.0.0', integrity: 'sha512-a' } }

let root: string

// A clone with nothing in it but the runner, one locked package, and a `where` that shows what it got.
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'norrix-run-'))
  for (const name of ['run.mjs', 'run', 'scripts.mjs']) {
    await cp(join(clone, 'tools', name), join(root, 'tools', name), { recursive: true })
  }
  await put('package-lock.json', JSON.stringify({ packages: locked }))
  await put('node_modules/.package-lock.json', JSON.stringify({ packages: locked }))
  await put(
    'tools/where.ts',
    'console.log(JSON.stringify([process.argv.slice(2), process.env.PATH]))',
  )
})

afterEach(async () => rm(root, { recursive: true }))

test('every script of package.json runs the entry of the same name, and no entry is left over', async () => {
  const { scripts } = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8')) as {
    scripts: object
  } // our own file
  const table = await importedScripts()
  expect(Object.keys(scripts).toSorted()).toEqual(Object.keys(table).toSorted())
  for (const [name, command] of Object.entries(scripts))
    expect(command).toBe(`node tools/run.mjs ${name}`)
})

test('words after the name reach the script unchanged, and its Node comes first in PATH', async () => {
  const { code, out } = await run(['where', '--flag', 'a b', ''])
  expect(code).toBe(0)
  const [words, path] = JSON.parse(out) as [string[], string] // printed by the script above
  expect(words).toEqual(['--flag', 'a b', ''])
  expect(path.split(delimiter)[0]).toBe(dirname(process.execPath))
})

test('the exit code of the script is kept', async () => {
  await put('tools/where.ts', 'process.exit(8)')
  expect((await run(['where'])).code).toBe(8)
})

test('SIGTERM reaches the script, which ends in its own way', async () => {
  await put(
    'tools/where.ts',
    "process.on('SIGTERM', () => process.exit(42)); setInterval(() => {}, 1000); console.log('up')",
  )
  const child = start(['where'])
  child.stdout?.once('data', () => child.kill('SIGTERM'))
  expect((await ended(child)).code).toBe(42)
})

test('a script that a signal ends is reported as 128 and the number of the signal', async () => {
  await put('tools/where.ts', "process.kill(process.pid, 'SIGKILL')")
  expect((await run(['where'])).code).toBe(137)
})

test('an unknown script is a usage error that names the known ones', async () => {
  const { code, err } = await run(['wehre'])
  expect(code).toBe(2)
  expect(err).toMatch(/no script called "wehre".* where/s)
})

test('a missing package is installed first, and talk of npm stays off standard output', async () => {
  await put('node_modules/.package-lock.json', JSON.stringify({ packages: {} }))
  const npm = await npmThatInstalls(locked)
  const { code, out, err } = await run(['where'], npm)
  expect(code).toBe(0)
  expect(JSON.parse(out)).toHaveLength(2)
  expect(err).toContain('npm was asked: install --no-save --include=dev --include=optional')
})

test('a package in another version than the lock file names is installed anew', async () => {
  const other = { 'node_modules/left': { version: '1.0.1', integrity: 'sha512-b' } }
  await put('node_modules/.package-lock.json', JSON.stringify({ packages: other }))
  expect((await run(['where'], await npmThatInstalls(locked))).err).toContain('npm was asked')
})

test('what is already installed is not installed again', async () => {
  const { code, err } = await run(['where'], await npmThatInstalls({}))
  expect([code, err]).toEqual([0, ''])
})

test('an optional package of another platform may be missing, the Node of this one may not', async () => {
  const node = { [`node_modules/${ownNode}`]: { version: '24.0.0', optional: true } }
  const foreign = { 'node_modules/elsewhere': { version: '1.0.0', optional: true } }
  await put('package-lock.json', JSON.stringify({ packages: { ...locked, ...foreign } }))
  expect((await run(['where'])).err).toBe('')
  await put('package-lock.json', JSON.stringify({ packages: { ...locked, ...node } }))
  expect((await run(['where'], await npmThatInstalls({ ...locked, ...node }))).err).toContain(
    'npm was asked',
  )
})

test('a package that the lock file does not name stops the script', async () => {
  await rm(join(root, 'node_modules/.package-lock.json'))
  const right = { version: '1.0.0', integrity: 'sha512-a' }
  const other = { version: '1.0.0', integrity: 'sha512-other' }
  for (const packages of [{ 'node_modules/left': other }, { 'node_modules/right': right }]) {
    const { code, out, err } = await run(['where'], await npmThatInstalls(packages))
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/npm installed (left|right) 1\.0\.0, which is not what .* Fix: /)
  }
})

test('a package that nothing asks for any more may stay in the lock file', async () => {
  await rm(join(root, 'node_modules/.package-lock.json'))
  expect((await run(['where'], await npmThatInstalls({}))).code).toBe(0)
  expect((await run(['where'], await npmThatInstalls({}))).err).toBe('')
})

test('a pinned Node that does not run here, or is too old, is passed over', async () => {
  const binary = `node_modules/${ownNode}/bin/node`
  for (const text of ['#!/bin/sh\nexit 127\n', '#!/bin/sh\necho v22.22.0\n']) {
    await put(binary, text, 0o755)
    const { code, out } = await run(['where'])
    expect(code).toBe(0)
    expect(out).not.toContain(join(root, 'node_modules'))
  }
})

test('a pinned Node that proves itself is the one that runs', async () => {
  const binary = `node_modules/${ownNode}/bin/node`
  await put(binary, `#!/bin/sh\n[ "$1" = -v ] && echo v24.21.0 || echo "pinned ran"\n`, 0o755)
  expect((await run(['where'])).out).toBe('pinned ran\n')
})

async function importedScripts(): Promise<object> {
  const path = join(clone, 'tools/scripts.mjs')
  const { scripts } = (await import(path)) as { scripts: object } // plain JavaScript, so without types
  return scripts
}

/** Stands in for npm: says what it was asked and records these packages as installed. */
async function npmThatInstalls(packages: object): Promise<Record<string, string>> {
  const record = JSON.stringify(JSON.stringify({ packages }))
  const path = 'npm-stand-in/npm-cli.js'
  await put(
    path,
    `console.log('npm was asked: ' + process.argv.slice(2).join(' '))
     require('fs').writeFileSync('node_modules/.package-lock.json', ${record})`,
  )
  return { npm_execpath: join(root, path) }
}

async function put(path: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text, { mode })
}

function start(words: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [join(root, 'tools/run.mjs'), ...words], {
    env: { PATH: process.env['PATH'], npm_execpath: '/nowhere/npm-cli.js', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function run(words: readonly string[], env?: Record<string, string>): Promise<Ended> {
  return ended(start(words, env))
}

type Ended = { code: number | null; out: string; err: string }

function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => (text.out += chunk.toString('utf8')))
  child.stderr?.on('data', (chunk: Buffer) => (text.err += chunk.toString('utf8')))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })))
}
