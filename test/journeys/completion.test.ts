import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runNorrix, temporaryHome } from '../kit/run-norrix.ts'
import { typeInTerminal } from '../kit/terminal.ts'

/** Real shells, with what the packed command line prints for them. Where a shell is not installed, its tests are skipped. */
const home = temporaryHome()
const file = (shell: string) => join(home.path, `norrix.${shell}`)
beforeAll(async () => {
  // Environments that a sign-in has named, and what nobody but a wrong hand could have put there.
  const known = { url: 'https://norrix.example.com', kind: 'prod', from: 'user', orgs: {} }
  mkdirSync(join(home.path, '.norrix/prod/work'), { recursive: true, mode: 0o700 })
  writeFileSync(
    join(home.path, '.norrix/config.json'),
    JSON.stringify({ version: 1, environments: { 'lab-2': known, "'; touch owned; '": known } }),
    { mode: 0o600 },
  )
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout, stderr } = await runNorrix(['completion', shell], { home: home.path })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(stdout).not.toContain('owned')
    writeFileSync(file(shell), stdout)
  }
})
afterAll(() => home.remove())

const isThere = (shell: string): boolean => {
  const there = spawnSync(shell, ['--version'], { encoding: 'utf8' }).status === 0
  if (!there) process.stderr.write(`${shell} is not installed here: its completion is not tried.\n`)
  return there
}

function inShell(
  shell: string,
  words: readonly string[],
  env: Record<string, string> = {},
): string[] {
  const { stdout, stderr } = spawnSync(shell, words, {
    encoding: 'utf8',
    cwd: home.path,
    env: { PATH: process.env['PATH'], HOME: home.path, LANG: 'C.UTF-8', ...env },
  })
  expect(stderr).toBe('')
  return stdout.split('\n').filter((line) => line !== '')
}

/** What is typed before Tab, and what Tab then offers. */
const cases: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['norrix bui', ['build', 'builds']],
  ['norrix build ', ['ios', 'android', 'visionos']],
  ['norrix build android re', ['release']],
  ['norrix build --org org_1 android ', ['debug', 'release']],
  ['norrix builds ', ['list', 'show', 'logs', 'download', 'cancel']],
  ['norrix builds list --state c', ['cancelled']],
  ['norrix --env ', ['prod', 'dev', 'lab-2']],
  ['norrix whoami --env l', ['lab-2']],
  ['norrix whoami --profile ', ['default', 'work']],
  ['norrix environments ', ['list', 'add', 'remove']],
  ['norrix builds list --f', []],
  ['norrix builds logs --f', ['--follow']],
  ['norrix login --no-b', ['--no-browser']],
  ['norrix sign-out --o', []],
  [
    'norrix sign-out --',
    [
      '--all',
      '--everywhere',
      '--env',
      '--dev',
      '--profile',
      '--json',
      '--non-interactive',
      '--help',
    ],
  ],
  ['norrix sessions ', ['list', 'revoke']],
  ['norrix whoami --off', ['--offline']],
  ['norrix completion f', ['fish']],
  ['norrix builds download build_1 --org ', []],
]

describe.skipIf(!isThere('bash'))('bash', () => {
  test.each(cases)('%s', (line, offered) => {
    const words = line.split(' ')
    const script = `source "${file('bash')}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _norrix; printf '%s\\n' "\${COMPREPLY[@]}"`
    expect(inShell('bash', ['--norc', '-c', script, 'bash', ...words]).toSorted()).toEqual(
      offered.toSorted(),
    )
  })

  test('a value after an equals sign, and folders where a flag takes one', () => {
    const complete = (words: readonly string[]) => {
      const script = `source "${file('bash')}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _norrix; printf '%s\\n' "\${COMPREPLY[@]}"`
      return inShell('bash', ['--norc', '-c', script, 'bash', ...words])
    }
    expect(complete(['norrix', '--env', '=', 'd'])).toEqual(['dev'])
    expect(complete(['norrix', '--env', '=', 'dev', 'orgs', 's'])).toEqual(['select'])
    expect(complete(['norrix', 'builds', 'download', '--out', '.n'])).toEqual(['.norrix'])
  })

  test('sourced, it is what Tab asks', () => {
    const script = `source "${file('bash')}"; complete -p norrix`
    expect(inShell('bash', ['--norc', '-c', script])).toEqual(['complete -F _norrix norrix'])
  })
})

describe.skipIf(!isThere('fish'))('fish', () => {
  test.each(cases)('%s', (line, offered) => {
    const script = `source "${file('fish')}"; complete -C '${line}'`
    const lines = inShell('fish', ['--no-config', '-c', script], { XDG_CONFIG_HOME: home.path })
    expect(lines.map((one) => one.replace(/\t.*/, '')).toSorted()).toEqual(offered.toSorted())
  })
})

describe.skipIf(!isThere('zsh'))('zsh', () => {
  test('Tab completes commands, arguments, flags and their values', async () => {
    const zsh = typeInTerminal([], {
      home: home.path,
      program: ['zsh', '-f', '-i'],
      env: { PS1: '> ' },
    })
    await zsh.waitFor(/> $/)
    zsh.press(`autoload -Uz compinit; compinit -u -D; source ${file('zsh')}; echo rea''dy\r`)
    await zsh.waitFor(/ready\n/)
    for (const [typed, completed] of [
      ['norrix whoa', /norrix whoami $/],
      ['norrix build an', /norrix build android $/],
      ['norrix build --org org_1 android rel', /--org org_1 android release $/],
      ['norrix builds list --state c', /builds list --state cancelled $/],
      ['norrix --env l', /norrix --env lab-2 $/],
      ['norrix whoami --env=l', /whoami --env=lab-2 $/],
      ['norrix login --no-b', /norrix login --no-browser $/],
    ] as const) {
      zsh.press(`${typed}\t`)
      await zsh.waitFor(completed)
      // Ctrl-U: an empty line again.
      zsh.press('\u0015')
    }
    zsh.press('norrix builds \t')
    await zsh.waitFor(/cancel +-- cancel a build/)
    zsh.press('\u0015exit\r')
    expect(await zsh.ended).toBe(0)
  })
})

test('a shell that is none is refused, with those that are', async () => {
  const { code, stderr } = await runNorrix(['completion', 'tcsh'], { here: true })
  expect(code).toBe(2)
  expect(stderr).toContain('shells are bash, zsh, fish')
})
