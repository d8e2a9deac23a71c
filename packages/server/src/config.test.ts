import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Fault } from '@norrix/contract/fault'
import { readConfig } from './config.ts'

function read(file: unknown, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-config-'))
  if (file !== undefined) {
    const text = typeof file === 'string' ? file : JSON.stringify(file)
    writeFileSync(join(folder, 'norrix-server.json'), text)
  }
  return { folder, configs: readConfig({ env, folder, defaultData: join(folder, 'data') }) }
}

function faultsOf(file: unknown, env: Record<string, string> = {}): string {
  try {
    read(file, env)
  } catch (error) {
    if (error instanceof Fault && error.code === 'config_file') return error.message
    throw error
  }
  throw new Error('It was accepted.')
}

test('without a file both environments are hosted, on 4400 and 4401', () => {
  const { folder, configs } = read(undefined)
  expect(configs.map(({ kind, listen }) => [kind, listen.port])).toEqual([
    ['prod', 4400],
    ['dev', 4401],
  ])
  expect(configs.map(({ dataFolder }) => dataFolder)).toEqual([
    join(folder, 'data', 'prod'),
    join(folder, 'data', 'dev'),
  ])
})

test('prod alone is a valid configuration', () => {
  const { configs } = read({ environments: { prod: {} } })
  expect(configs.map(({ kind }) => kind)).toEqual(['prod'])
})

test('every fault is told at once', () => {
  const text = faultsOf({
    environments: {
      prod: { listen: { port: 99_999 }, publicUrl: 'https://norrix.example.com/', extra: 1 },
      dev: { upstreams: [{ kind: 'ldap' }] },
    },
  })
  for (const name of ['prod.listen.port', 'prod.publicUrl', 'extra', 'dev.upstreams.0']) {
    expect(text).toContain(name)
  }
})

test('faults that only the second step can see are told at once too', () => {
  const cognito = {
    kind: 'cognito',
    region: 'eu-west-1',
    userPoolId: 'eu-west-1_abc',
    domain: 'https://acme.auth.eu-west-1.amazoncognito.com',
    clientId: 'abc',
    clientSecretFile: 'nowhere',
  }
  const text = faultsOf({
    environments: {
      prod: { publicUrl: 'http://norrix.example.com', data: 'same', upstreams: [cognito] },
      dev: { data: 'same' },
    },
  })
  expect(text).toContain('prod.upstreams.0.clientSecretFile: nowhere cannot be read')
  expect(text).toContain('prod.publicUrl: http://norrix.example.com is plain http')
  expect(text).toContain('dev.data: is the same folder')
})

test('a variable overrides one field, and one that does not exist is a fault', () => {
  const { configs } = read({ environments: { prod: {} } }, { NORRIX_PROD_PORT: '5000' })
  expect(configs[0]?.listen.port).toBe(5000)
  expect(faultsOf({ environments: { prod: {} } }, { NORRIX_PROD_PROT: '1' })).toContain(
    'NORRIX_PROD_PROT',
  )
  expect(faultsOf({ environments: { prod: {} } }, { NORRIX_PROD_PORT: '80x' })).toContain(
    'prod.listen.port',
  )
})

test('a file that is no JSON, or is named and missing, is a fault', () => {
  expect(faultsOf('{')).toContain('is not JSON')
  expect(faultsOf(undefined, { NORRIX_SERVER_CONFIG: 'elsewhere.json' })).toContain(
    'cannot be read',
  )
})

test('the files of secrets are known, so that builds are kept from them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'norrix-config-'))
  writeFileSync(join(folder, 'secret'), 'only for tests', { mode: 0o600 })
  const upstream = {
    kind: 'oidc',
    name: 'Acme',
    issuer: 'https://id.example.com',
    clientId: 'abc',
    clientSecretFile: 'secret',
  }
  const file = { environments: { prod: { upstreams: [upstream] } } }
  writeFileSync(join(folder, 'norrix-server.json'), JSON.stringify(file))
  const [prod] = readConfig({ env: {}, folder, defaultData: join(folder, 'data') })
  expect(prod?.secretFiles).toEqual([join(folder, 'secret')])
  expect(prod?.upstreams[0]).toMatchObject({ clientSecret: 'only for tests' })
})
