import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { settleIn } from '../kit/at-the-terminal.ts'
import { startNorrix } from '../kit/norrix.ts'
import { temporaryProject, type TemporaryProject } from '../kit/project.ts'
import { runNorrix, temporaryHome, type Ran } from '../kit/run-norrix.ts'
import { keys, typeInTerminal } from '../kit/terminal.ts'

const projects: TemporaryProject[] = []
afterEach(() => projects.splice(0).forEach((project) => project.remove()))

function project(files: Readonly<Record<string, string>>): string {
  const made = temporaryProject(files)
  projects.push(made)
  return made.path
}
const run = (cwd: string, ...words: string[]): Promise<Ran> =>
  runNorrix(['init', ...words], { cwd, here: true })
const gradleFiles = {
  gradlew:
    '#!/bin/sh\nmkdir -p app/build/outputs/apk/x; echo $1 > app/build/outputs/apk/x/app.apk\n',
  'settings.gradle.kts': 'rootProject.name = "Hello"\ninclude(":app")\n',
  'app/build.gradle.kts':
    'plugins { id("com.android.application") }\nandroid { defaultConfig {\n  applicationId = "org.example.hello"\n  versionCode = 12\n  versionName = "1.4.0"\n} }\n',
}

test('what was typed goes before what was found; what cannot be is refused at once, all of it', async () => {
  const words = [
    '--name',
    'Other',
    '--app-version',
    '9.0',
    '--build-number',
    '4',
    '--bundle-id',
    'a.b',
  ]
  const good = project(gradleFiles)
  const typed = [
    '--android-command',
    "make 'it'",
    '--android-artifacts',
    'out/*.{apk,aab}, log.txt',
  ]
  expect((await run(good, '-n', ...words, ...typed, '--format', 'mjs')).code).toBe(0)
  expect(readFileSync(join(good, 'norrix.config.mjs'), 'utf8')).toMatchInlineSnapshot(`
    "import { defineConfig } from '@norrix/cli'

    export default defineConfig({
      name: 'Other',
      version: '9.0',
      buildNumber: 4,
      android: {
        bundleId: 'a.b',
        command: "make 'it'",
        artifacts: ['out/*.{apk,aab}', 'log.txt'],
      },
    })
    "
  `)
  const bad = project(gradleFiles)
  const { code, stderr } = await run(bad, '-n', '--name', 'a\u202eb', '--android-artifacts', '../x')
  expect(code).toBe(2)
  expect(stderr).toContain('turn the text')
  expect(stderr).toContain('must stay in the project')
  expect(readdirSync(bad).filter((name) => name.startsWith('norrix'))).toEqual([])
})

test('a file that is there is named and never overwritten; --force is told to', async () => {
  const folder = project({ ...gradleFiles, 'norrix.config.json': '{"mine":true}' })
  const kept = await run(folder, '-n')
  expect(kept.code).toBe(1)
  expect(kept.stderr).toContain('✗ norrix.config.json is there already. Nothing was written.')
  expect(kept.stderr).toContain('norrix init --force writes over it')
  expect(readFileSync(join(folder, 'norrix.config.json'), 'utf8')).toBe('{"mine":true}')
  const second = await run(folder, '-n', '--force', '--format', 'ts')
  expect(second.stderr).toContain('remove norrix.config.json first')
  expect((await run(folder, '-n', '--force')).code).toBe(0)
  expect(JSON.parse(readFileSync(join(folder, 'norrix.config.json'), 'utf8'))).toMatchObject({
    name: 'Hello',
  })
  expect(readdirSync(folder).filter((name) => name.startsWith('norrix'))).toEqual([
    'norrix.config.json',
  ])
})

test('a folder of no known kind says what to type, and a half of it is not enough', async () => {
  const folder = project({ 'README.md': '' })
  const { code, stderr } = await run(folder, '-n')
  expect(code).toBe(2)
  expect(stderr).toContain('--android-artifacts')
  const half = await run(folder, '-n', '--ios-command', 'make')
  expect(half.stderr).toContain('--ios-command needs --ios-artifacts beside it')
  const org = await run(folder, '-n', '--org', 'org_1')
  expect(org.stderr).toContain('norrix init acts in no organization: --org changes nothing here.')
  expect(readdirSync(folder)).toEqual(['README.md'])
})

test('on a terminal it asks, shows the file and writes it only when agreed to', async () => {
  const folder = project(gradleFiles)
  const home = temporaryHome()
  const begin = () => typeInTerminal(['init'], { home: home.path, cwd: folder, columns: 120 })
  const first = begin()
  await first.waitFor(/This looks like a Gradle project\./)
  await first.waitFor(/Name of the app\?/)
  first.press(' Two')
  first.press(keys.enter)
  for (const question of [/Version\?/, /Platforms\?/, /builds it for android\?/, /as patterns\?/]) {
    await first.waitFor(question)
    first.press(keys.enter)
  }
  await first.waitFor(/Write norrix\.config\.ts\?/)
  expect(first.seen()).toContain("name: 'Hello Two',")
  expect(existsSync(join(folder, 'norrix.config.ts'))).toBe(false)
  first.press('y')
  expect(await first.ended).toBe(0)
  expect(first.seen()).toMatch(/next +norrix build android debug/)
  expect(readFileSync(join(folder, 'norrix.config.ts'), 'utf8')).toContain("name: 'Hello Two',")
  const other = project(gradleFiles)
  const second = typeInTerminal(['init'], { home: home.path, cwd: other })
  await second.waitFor(/Name of the app\?/)
  second.press(keys.ctrlC)
  expect(await second.ended).toBe(130)
  expect(existsSync(join(other, 'norrix.config.ts'))).toBe(false)
  home.remove()
})

test('norrix build works right after it', async () => {
  const folder = project(gradleFiles)
  chmodSync(join(folder, 'gradlew'), 0o755)
  const norrix = await startNorrix({ runner: {} })
  try {
    if (!(await norrix.prod.runner)) throw new Error(norrix.log.join(''))
    const { secret } = await (await settleIn(norrix.prod)).makeKey(['build'])
    const env = { NORRIX_API_KEY: secret, NORRIX_API_URL: norrix.prod.url }
    // Under a key nobody is asked.
    const made = await runNorrix(['init'], { cwd: folder, env })
    expect(made.code, made.stderr).toBe(0)
    expect(made.stdout).toMatch(/^✓ Wrote norrix\.config\.ts, for a Gradle project\.\n/)
    const built = await runNorrix(['build', 'android', 'release'], { cwd: folder, env })
    expect(built.code, built.stderr).toBe(0)
    expect(built.stdout).toContain('app.apk')
  } finally {
    await norrix.stop()
  }
})
