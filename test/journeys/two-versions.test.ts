import { createServer, type AddressInfo, type Server } from 'node:net'
import { version } from '@norrix/contract/version'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { settleIn } from '../kit/at-the-terminal.ts'
import { freePort } from '../kit/free-port.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { olderServer } from '../kit/older-server.ts'
import { runNorrix, temporaryHome, type Ran } from '../kit/run-norrix.ts'

/** Command line and server of different versions: real servers that take themselves for another version. */
let same: Norrix
let ahead: Norrix
let key: { readonly same: string; readonly ahead: string }
const home = temporaryHome()
beforeAll(async () => {
  ;[same, ahead] = await Promise.all([startNorrix(), startNorrix({ version: '0.3.0' })])
  const [here, there] = await Promise.all([settleIn(same.prod), settleIn(ahead.prod)])
  key = { same: (await here.makeKey()).secret, ahead: (await there.makeKey()).secret }
})
afterAll(async () => {
  await Promise.all([same, ahead].map((norrix) => norrix.stop()))
  home.remove()
})

const at = (url: string, secret?: string) => ({
  NORRIX_API_URL: url,
  ...(secret !== undefined && { NORRIX_API_KEY: secret }),
})
/** @param own what the command line takes itself for */
const run = (words: string, env: Record<string, string>, own = version): Promise<Ran> =>
  runNorrix(words.split(' '), { home: home.path, env, here: true, version: own })

test('a command line that is too old is told so, with the line that installs the right one', async () => {
  const env = at(ahead.prod.url, key.ahead)
  const { code, stdout, stderr } = await runNorrix(['whoami'], { home: home.path, env })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`This norrix is ${version}; the server is 0.3.0 and serves 0.2.0 or`)
  expect(stderr).toMatch(
    new RegExp(`^ {2}fix   npm install -g( --prefix \\S+)? ${ahead.prod.url}/cli.tgz$`, 'm'),
  )
  expect(stderr).toMatch(/client_too_old · req_\w+ · exit 1\n$/)
})

test('over HTTP that is 426 with the install line, and what one needs to mend it stays open', async () => {
  const ask = (path: string, agent: string) =>
    fetch(ahead.prod.url + path, {
      headers: { authorization: `Bearer ${key.ahead}`, 'user-agent': agent },
    })
  const refused = await ask('/api/whoami', 'norrix/0.1.0 (linux; node 24.0.0)')
  expect(refused.status).toBe(426)
  expect(refused.headers.get('upgrade')).toBe('norrix')
  expect(await refused.json()).toMatchObject({
    code: 'client_too_old',
    fix: `npm install -g ${ahead.prod.url}/cli.tgz`,
    details: { version: '0.3.0', served: { from: '0.2.0', below: '0.5.0' } },
  })
  for (const path of ['/.well-known/norrix', '/cli.json', '/cli.tgz'])
    expect((await ask(path, 'norrix/0.1.0')).status).toBe(200)
  for (const agent of ['norrix/0.2.0', 'norrix/9.0.0', 'curl/8.1.0'])
    expect((await ask('/api/whoami', agent)).status).toBe(200)
})

test('signing in with it ends before any browser opens', async () => {
  const { code, stderr } = await run(`sign-in ${ahead.prod.url} --browser`, {})
  expect(code).toBe(1)
  expect(stderr).toMatch(/^✗ This norrix is /)
  expect(stderr).not.toContain('authorize')
})

test('--version says its own and the server’s, and what does not fit', async () => {
  expect(await run('--version', {})).toEqual({ code: 0, stdout: `norrix ${version}\n`, stderr: '' })
  expect(await run('--version', at(same.prod.url))).toEqual({
    code: 0,
    stdout: `norrix ${version} · server ${version} at ${same.prod.url}\n`,
    stderr: '',
  })
  const old = await run('--version', at(ahead.prod.url))
  expect(old.stdout).toBe(`norrix ${version} · server 0.3.0 at ${ahead.prod.url}\n`)
  expect(old).toMatchObject({ code: 0, stderr: expect.stringContaining('/cli.tgz') })
  const young = await run('--version', at(same.prod.url), '0.7.0')
  expect(young.stdout).toBe(`norrix 0.7.0 · server ${version} at ${same.prod.url}\n`)
  expect(young.stderr.replaceAll(/\n {2}/g, ' ')).toMatch(
    /^! This norrix is 0\.7\.0, newer than \S+ \(\S+\) serves\. The matching one: npm install -g .*\/cli\.tgz\n$/,
  )
})

test('--version --json is one document', async () => {
  const { stdout, stderr } = await run('--version --json', at(ahead.prod.url))
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject({
    version,
    environment: 'prod',
    server: { url: ahead.prod.url, version: '0.3.0', cli: { from: '0.2.0' }, fit: 'too_old' },
    fault: { code: 'client_too_old', fix: expect.stringContaining('npm install -g') },
  })
})

test('--version waits a second at most, and needs no server to be there', async () => {
  const refused = await run('--version', at(`http://127.0.0.1:${await freePort()}`))
  expect(refused).toMatchObject({ code: 0, stdout: `norrix ${version}\n` })
  expect(refused.stderr).toContain('refuses connections')
  const mute = createServer(() => {})
  const port = await listenOn(mute)
  const start = performance.now()
  const silent = await run('--version', at(`http://127.0.0.1:${port}`), version)
  expect(performance.now() - start).toBeLessThan(2500)
  expect(silent).toMatchObject({ code: 0, stdout: `norrix ${version}\n` })
  expect(silent.stderr).toContain('was not waited for any longer')
  mute.close()
})

test('a command that an older server cannot do yet says which of the two is old, not that nothing was found', async () => {
  const older = await olderServer(same.prod.url, /^\/api\/orgs\/\w+\/builds/)
  const { code, stderr } = await run('builds list', at(older.url, key.same), '0.2.0')
  expect(code).toBe(7)
  expect(stderr).toContain(`✗ ${older.url} is norrix ${version}, older than this norrix (0.2.0)`)
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(`${older.url}/cli.tgz unknown_operation`)
  // Of its own version the server is not old, and what is missing is missing.
  const alike = await run('builds list', at(older.url, key.same))
  expect(alike.stderr).toContain('has no such operation')
  const gone = await run('builds show build_nosuchone', at(same.prod.url, key.same), '0.2.0')
  expect(gone.stderr).toMatch(/not_found · req_\w+ · exit 1\n$/)
  older.close()
})

async function listenOn(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port // a TCP server has one while it listens
}
