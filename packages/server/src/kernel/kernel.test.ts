import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { formatKey } from '@norrix/contract/api-key-format.policy'
import { temporaryFolder } from '../../../../test/kit/temporary-folder.ts'
import { lockFolder } from './lock.ts'
import { createLog } from './log.ts'
import { keepSecret } from './secrets.ts'

test('a second server on a data folder is refused and told why', () => {
  const data = temporaryFolder()
  const held = lockFolder(data)
  const script = `import { lockFolder } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}
    try { lockFolder(${JSON.stringify(data)}); console.log('taken') } catch (e) { console.log(e.code, e.message) }`
  const attempt = () =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout
  expect(attempt()).toContain(
    `data_in_use Another Norrix server is running on the data folder ${data}`,
  )
  held.release()
  expect(attempt()).toContain('taken')
})

test('a lock ends with the process that held it, however it ended', () => {
  const data = temporaryFolder()
  const script = `import { lockFolder } from ${JSON.stringify(import.meta.resolve('./lock.ts'))}
    lockFolder(${JSON.stringify(data)}); process.kill(process.pid, 'SIGKILL')`
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script])
  expect(ended.signal).toBe('SIGKILL')
  expect(() => lockFolder(data).release()).not.toThrow()
})

test('a secret is made once, 0600, and refused when others can read it', () => {
  const data = temporaryFolder()
  const first = keepSecret(data, 'pepper')
  expect(Buffer.from(keepSecret(data, 'pepper'))).toEqual(Buffer.from(first))
  expect(statSync(join(data, 'pepper')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(data, 'pepper'))).toHaveLength(32)
  chmodSync(join(data, 'pepper'), 0o644)
  expect(() => keepSecret(data, 'pepper')).toThrow('can be read by others')
  writeFileSync(join(data, 'empty'), '', { mode: 0o600 })
  expect(() => keepSecret(data, 'empty')).toThrow('is empty')
})

test('no secret reaches a log line, whatever field or sentence it stands in', () => {
  const key = formatKey('prod', randomBytes)
  const secrets = {
    key,
    runner: `nrr_${randomBytes(32).toString('base64url')}`,
    lease: `nrl_${randomBytes(32).toString('base64url')}`,
    jwt: `eyJhbGciOiJFUzI1NiJ9.${randomBytes(20).toString('base64url')}.${randomBytes(20).toString('base64url')}`,
    code: randomBytes(24).toString('base64url'),
    password: 'correct horse battery staple',
  }
  const lines: string[] = []
  const log = createLog((line) => lines.push(line))
  log.info('everything', {
    text: `key ${secrets.key}, runner ${secrets.runner}, lease ${secrets.lease}, jwt ${secrets.jwt}`,
    url: `http://127.0.0.1:1/callback?code=${secrets.code}&state=x`,
    headers: {
      authorization: `Bearer ${secrets.key}`,
      cookie: `norrix_prod_session=${secrets.code}`,
    },
    nested: [{ password: secrets.password }],
    cause: new Error(`failed with Bearer ${secrets.code}`),
  })
  const text = lines.join('')
  for (const [name, secret] of Object.entries(secrets)) expect(text, name).not.toContain(secret)
  expect(text).toContain(key.slice(0, 12))
})

test('a text with a line break cannot forge a log line', () => {
  const lines: string[] = []
  createLog((line) => lines.push(line)).info('named', { name: 'x\n{"event":"forged"}' })
  expect(lines.join('').trim().split('\n')).toHaveLength(1)
})
