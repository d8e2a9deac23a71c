import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { expectFault, literally } from '../kit/expect-fault.ts'
import { temporaryProject, type TemporaryProject } from '../kit/project.ts'
import { runNorrix, temporaryHome, type RunOptions } from '../kit/run-norrix.ts'

/** What goes wrong before any Norrix is asked: at the keyboard, on the disk, in the project, on the way. */
const home = temporaryHome()
const here: RunOptions = { home: home.path }
afterAll(() => home.remove())

describe('words', () => {
  test.each([
    ['whoami --frobnicate', 'There is no flag --frobnicate.', 'norrix --help'],
    ['whoami --josn', 'There is no flag --josn.', 'did you mean --json?'],
    ['bild android release', 'There is no command bild.', 'did you mean build?'],
    ['orgs frobnicate', 'There is no command frobnicate.', 'norrix --help'],
    ['build android', 'The type is missing.', 'norrix --help'],
    ['whoami whoelse', 'There are more words than the command takes.', 'norrix --help'],
    ['whoami --dev --env prod', '--dev and --env prod name two', 'leave one of them out'],
    ['whoami --env ../../x', '--env is not a name of an environment: ../../x', 'use prod, dev'],
    ['build windows release', 'There is no platform windows.', 'android'],
    ['build android shiny', 'There is no build type shiny.', 'release'],
  ])('norrix %s', async (line, says, fix) => {
    await expectFault(line.split(' '), here, { code: 'usage', says, fix })
  })

  test('a name of an environment that climbs makes no folder anywhere', async () => {
    const deep = join(home.path, 'a/b')
    mkdirSync(deep, { recursive: true })
    const climbing = { home: deep, env: { NORRIX_ENV: '../../x' } }
    const says = 'NORRIX_ENV is not a name of an environment: ../../x'
    await expectFault(['sign-out'], climbing, { code: 'usage', says, fix: 'use prod, dev' })
    expect(readdirSync(join(home.path, 'a'), { recursive: true })).toEqual(['b'])
  })
})

describe('the home', () => {
  const signIn = ['sign-in', 'https://norrix.invalid', '--browser']
  const fix = 'NORRIX_HOME'

  test('a ~/.norrix that is no folder is named, and nothing is sent', async () => {
    const odd = temporaryHome()
    writeFileSync(join(odd.path, '.norrix'), '')
    const says = /\/\.norrix (is not a folder|cannot be made)/
    await expectFault(signIn, { home: odd.path }, { code: 'home_unwritable', says, fix })
    odd.remove()
  })

  test('a home in which nothing can be made is named, and nothing is sent', async () => {
    const file = join(home.path, 'a-file')
    writeFileSync(file, '')
    const options = { home: home.path, env: { NORRIX_HOME: join(file, 'x') } }
    await expectFault(signIn, options, { code: 'home_unwritable', says: 'cannot be made', fix })
  })

  test('HOME that is empty is not taken for the folder one is in', async () => {
    const options = { home: home.path, env: { HOME: '', USERPROFILE: '' } }
    const says = 'Your home folder is not known'
    await expectFault(signIn, options, { code: 'home_unwritable', says, fix })
  })
})

describe('the project', () => {
  const projects: TemporaryProject[] = []
  const project = (files: Readonly<Record<string, string>>): RunOptions => {
    const made = temporaryProject(files)
    projects.push(made)
    return { home: home.path, cwd: made.path }
  }
  const build = ['build', 'android', 'release']
  const config = (text: string): RunOptions => project({ 'norrix.config.ts': text })
  const good = `{ name: 'hello', version: '1', buildNumber: 1, android: { command: 'true', artifacts: ['*'] } }`
  afterAll(() => projects.forEach((one) => one.remove()))

  test('a folder without one', async () => {
    const says = 'There is no Norrix project here'
    const fix = 'norrix init writes one'
    await expectFault(build, project({}), { code: 'no_project', says, fix })
  })

  test.each([
    ['throws', `throw new TypeError('no such thing')`, 'failed: TypeError: no such thing'],
    ['does not parse', `export default {`, 'norrix.config.ts failed: '],
    ['imports what is not there', `import 'left-pad'`, 'failed: Error: Cannot find package'],
    ['ends the process', `process.exit(0)`, 'ended the process before it had exported'],
    ['hangs', `await new Promise(() => setInterval(() => {}, 1000))`, 'did not end within 10 s'],
    ['spins', `for (;;) {}`, 'did not end within 10 s'],
  ])(
    'a configuration that %s',
    async (_, text, says) => {
      const fix = 'it must export plain data at once'
      await expectFault(build, config(text), { code: 'config_failed', says, fix })
    },
    60_000,
  )

  test('a configuration that is wrong in three places names all three at once', async () => {
    const text = `export default { name: '', version: '1', buildNumber: -1, android: { command: 'true', artifacts: ['../x'] } }`
    const says = 'norrix.config.ts has 3 problems.'
    const fault = { code: 'config_invalid', says, fix: 'mend the file' } as const
    const stderr = await expectFault(build, config(text), fault)
    for (const place of ['name', 'buildNumber', 'android.artifacts[0]'])
      expect(stderr).toMatch(new RegExp(`^ {2}${literally(place)} +must `, 'm'))
  })

  test('what a configuration prints reaches neither stdout nor stderr', async () => {
    const loud = `console.log('LOUD out'); console.error('LOUD err'); process.stdout.write('LOUD'); export default ${good}`
    const fault = { code: 'not_signed_in', says: 'not signed in', fix: 'norrix sign-in' } as const
    expect(await expectFault(build, config(loud), fault)).not.toContain('LOUD')
  })

  test('a configuration sees no key and no setting of Norrix (T98)', async () => {
    const { cwd = '' } = config(
      `import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
       writeFileSync(new URL('./seen.json', import.meta.url), JSON.stringify(process.env))
       export default ${good}`,
    )
    const env = {
      NORRIX_API_KEY: 'nrx_secret',
      NORRIX_RUNNER_TOKEN: 'nrr_secret',
      SHELL: '/bin/sh',
    }
    await runNorrix(build, { home: home.path, cwd, env })
    const { default: seen } = await import(join(cwd, 'seen.json'), { with: { type: 'json' } })
    expect(seen).toMatchObject({ SHELL: '/bin/sh' })
    expect(JSON.stringify(seen)).not.toMatch(/NORRIX_|secret/)
  })
})

describe('the way to the server', () => {
  const key = { NORRIX_API_KEY: `nrx_${'a'.repeat(48)}` }
  const servers: Server[] = []
  afterAll(() => servers.forEach((server) => server.close()))

  const serve = (answer: RequestListener): Promise<string> =>
    new Promise((resolve) => {
      const server = createServer(answer).listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
      })
      servers.push(server)
    })

  test('a server that nobody has set up', async () => {
    const words = ['sign-in', '--env', 'company', '--browser']
    const says = 'No Norrix server is set up for company'
    await expectFault(words, here, { code: 'no_server', says, fix: 'norrix sign-in https://' })
  })

  test('a server that is down', async () => {
    const url = await serve(() => {})
    await new Promise((resolve) => servers.pop()?.close(resolve))
    const options = { home: home.path, env: { ...key, NORRIX_API_URL: url } }
    const says = 'refuses connections: no server listens there.'
    await expectFault(['whoami'], options, { code: 'network', says, fix: 'start the server' })
  })

  test('a server that is not Norrix and answers with a web page', async () => {
    const url = await serve((_req, res) => res.setHeader('content-type', 'text/html').end('<h1>Hi'))
    const options = { home: home.path, env: { ...key, NORRIX_API_URL: url } }
    const fault = {
      code: 'not_norrix',
      says: 'answered with a web page',
      fix: 'check the',
    } as const
    await expectFault(['whoami'], options, fault)
    await expectFault(['sign-in', url, '--browser'], here, fault)
  })

  test('a server that sends on to another origin: no request ever reaches that', async () => {
    let reached = 0
    const other = await serve((_req, res) => {
      reached += 1
      res.end('{}')
    })
    const url = await serve((req, res) => res.writeHead(307, { location: other + req.url }).end())
    const options = { home: home.path, env: { ...key, NORRIX_API_URL: url } }
    const says = `sends the request on to ${other}; a credential is not taken along.`
    const fault = { code: 'not_norrix', says, fix: 'sign in at the address' } as const
    await expectFault(['whoami'], options, fault)
    await expectFault(['sign-in', url, '--browser'], here, fault)
    expect(reached).toBe(0)
  })

  test('plain http beyond this machine is refused before a key is sent', async () => {
    const env = { ...key, NORRIX_API_URL: 'http://norrix.example.com' }
    const says = 'NORRIX_API_URL is http://, where everybody on the way reads the credential.'
    const fix = 'use https://norrix.example.com'
    await expectFault(['whoami'], { home: home.path, env }, { code: 'usage', says, fix })
  })
})
