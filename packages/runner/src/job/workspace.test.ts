import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createWorkspace, removeWorkspace, sweepWorkspaces } from './workspace.ts'

const isRoot = process.getuid?.() === 0
let base = ''
beforeEach(() => void (base = mkdtempSync(path.join(tmpdir(), 'norrix-workspace-'))))
afterEach(() => void spawnSync('sh', ['-c', `chmod -R u+rwx '${base}'; rm -rf '${base}'`]))

test('a workspace is nobody else’s, and two of one name are two', async () => {
  const root = path.join(base, 'builds')
  const [one, two] = [
    await createWorkspace(root, 'build_1'),
    await createWorkspace(root, 'build_1'),
  ]
  expect(one.folder).not.toBe(two.folder)
  for (const folder of [root, one.folder, one.source, one.home, one.temp])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a name cannot lead out of the root', async () => {
  const { folder } = await createWorkspace(path.join(base, 'builds'), '../../evil')
  expect(path.dirname(folder)).toBe(path.join(base, 'builds'))
})

test('it is removed with read-only folders, links and files of another user; what links point to stays', async () => {
  const { folder, source } = await createWorkspace(path.join(base, 'builds'), 'x')
  const outside = path.join(base, 'outside')
  writeFileSync(outside, 'stays')
  const deep = path.join(source, 'a', 'b')
  mkdirSync(deep, { recursive: true })
  writeFileSync(path.join(deep, 'file'), '')
  symlinkSync(base, path.join(source, 'link'))
  if (isRoot) chownSync(path.join(deep, 'file'), 61_778, 61_778)
  chmodSync(deep, 0o500)
  chmodSync(path.join(source, 'a'), 0o000)
  await removeWorkspace(folder)
  expect(existsSync(folder)).toBe(false)
  expect(existsSync(outside)).toBe(true)
  await removeWorkspace(folder)
})

test.skipIf(!isRoot)('as an ordinary user, too, read-only folders are no obstacle', async () => {
  const { folder, source } = await createWorkspace(path.join(base, 'builds'), 'x')
  mkdirSync(path.join(source, 'a', 'b'), { recursive: true })
  writeFileSync(path.join(source, 'a', 'b', 'file'), '')
  for (const part of ['a/b', 'a']) chmodSync(path.join(source, part), 0o500)
  spawnSync('chown', ['-R', '61778:61778', base])
  // Loaded as root, for the clone may be one that only root can enter; then the privileges go.
  const drop = 'process.setgroups([]); process.setgid(61778); process.setuid(61778)'
  const module = JSON.stringify(path.join(import.meta.dirname, 'workspace.ts'))
  const code = `import(${module}).then((it) => { ${drop}; return it.removeWorkspace(${JSON.stringify(folder)}) })`
  const { status, stderr } = spawnSync(process.execPath, ['-e', code])
  expect(stderr.toString()).toBe('')
  expect(status).toBe(0)
  expect(existsSync(folder)).toBe(false)
})

test.skipIf(process.platform !== 'linux')(
  'a sweep ends the processes of its own workspaces and no others, then removes the folders',
  async () => {
    const root = path.join(base, 'builds')
    const { source, home } = await createWorkspace(root, 'x')
    const [inside, byHome, other] = [
      spawn('sleep', ['600'], { cwd: source }),
      spawn('sleep', ['600'], { env: { HOME: home }, cwd: '/' }),
      spawn('sleep', ['600'], { env: { HOME: `${root}-of-another` }, cwd: '/' }),
    ]
    const ends = [once(inside, 'exit'), once(byHome, 'exit')]
    const swept = await sweepWorkspaces(root)
    await Promise.all(ends)
    expect(swept).toEqual({ processes: 2, workspaces: 1 })
    expect(other.exitCode ?? other.signalCode).toBeNull()
    other.kill('SIGKILL')
    expect(existsSync(source)).toBe(false)
  },
)

test('a sweep of a root that was never made finds nothing', async () => {
  expect(await sweepWorkspaces(path.join(base, 'never'))).toEqual({ processes: 0, workspaces: 0 })
  rmSync(base, { recursive: true, force: true })
})
