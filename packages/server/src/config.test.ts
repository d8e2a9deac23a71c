import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Fault } from '@norrix/contract/fault'
import { temporaryFolder } from '../../../test/kit/temporary-folder.ts'
import { readConfig } from './config.ts'

function read(file: unknown, env: Record<string, string> = {}) {
  const folder = temporaryFolder()
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
  const folder = temporaryFolder()
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

describe('PostgreSQL', () => {
  const shared = { secrets: { folder: 'secrets' }, blobs: { kind: 'folder', folder: 'blobs' } }
  const prod = (database: object, more: object = shared) => ({
    environments: { prod: { database: { kind: 'postgres', ...database }, ...more } },
  })
  const secretFile = (text: string) => {
    const file = join(temporaryFolder(), 'secret')
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }

  test('is named by an address without a password, and a file that holds it', () => {
    const passwordFile = secretFile('p@ss\n')
    const url = 'postgres://norrix@db.example.com/acme'
    const { folder, configs } = read(prod({ url, passwordFile, connections: 5 }))
    expect(configs[0]?.database).toEqual({
      kind: 'postgres',
      host: 'db.example.com',
      port: 5432,
      database: 'acme',
      user: 'norrix',
      password: 'p@ss',
      tls: { ca: undefined },
      connections: 5,
      statementMs: 10_000,
    })
    expect(configs[0]).toMatchObject({
      secretsFolder: join(folder, 'data', 'prod', 'secrets'),
      secretFiles: [passwordFile],
    })
  })

  test('is named by an address in a file, a password in it or not', () => {
    const urlFile = secretFile('postgres://norrix:p%40ss@[::1]:5433/acme?sslmode=verify-full')
    expect(read(prod({ urlFile })).configs[0]?.database).toMatchObject({
      host: '::1',
      port: 5433,
      password: 'p@ss',
      tls: { ca: undefined },
    })
    const socket = 'postgres:///acme?host=/var/run/postgresql&user=norrix'
    expect(read(prod({ url: socket })).configs[0]?.database).toMatchObject({
      host: '/var/run/postgresql',
      user: 'norrix',
      database: 'acme',
      tls: false,
    })
  })

  test('travels in the open on this machine alone, unless the operator says so', () => {
    const tlsOf = (url: string) => read(prod({ url })).configs[0]?.database
    expect(tlsOf('postgres://a@localhost/b')).toMatchObject({ tls: false })
    expect(tlsOf('postgres://a@10.0.0.7/b')).toMatchObject({ tls: { ca: undefined } })
    expect(tlsOf('postgres://a@10.0.0.7/b?sslmode=disable')).toMatchObject({ tls: false })
    expect(faultsOf(prod({ url: 'postgres://a@10.0.0.7/b?sslmode=no-verify' }))).toContain(
      'database.url: sslmode has to be disable or verify-full',
    )
  })

  test('with a password in the configuration is refused, and the password is not repeated', () => {
    const text = faultsOf(prod({ url: 'postgres://norrix:hunter22@localhost/acme' }))
    expect(text).toContain('database.url: holds a password; put it into a file')
    expect(text).not.toContain('hunter22')
    const broken = faultsOf(prod({ urlFile: secretFile('postgres://norrix:hunter22@:x/acme') }))
    expect(broken).toContain('database.urlFile: must have the form postgres://user@host/database')
    expect(broken).not.toContain('hunter22')
    const variable = { NORRIX_PROD_DATABASE_URL: 'postgres://norrix:hunter22@localhost/acme' }
    expect(faultsOf({ environments: { prod: shared } }, variable)).not.toContain('hunter22')
  })

  test('needs secrets and blobs that every server has', () => {
    const text = faultsOf(prod({ url: 'postgres://a@localhost/b' }, {}))
    expect(text).toContain('prod.secrets.folder: has to be named with PostgreSQL')
    expect(text).toContain('prod.blobs.folder: has to be named with PostgreSQL')
    expect(faultsOf({ environments: { prod: { secrets: { folder: 'x' } } } })).toContain(
      'prod.secrets: is for PostgreSQL',
    )
  })

  test('is never shared by two environments, and every fault is told at once', () => {
    const one = prod({ url: 'postgres://a@localhost/b' }).environments.prod
    expect(faultsOf({ environments: { prod: one, dev: one } })).toContain(
      'dev.database: is the same as prod.database',
    )
    const text = faultsOf(
      prod({
        url: 'postgres://a@localhost/b?pool=9',
        urlFile: 'x',
        passwordFile: 'none',
        caFile: 'no',
      }),
    )
    for (const part of [
      'give either `url`',
      'parameter pool',
      'none cannot be read',
      'no cannot',
    ]) {
      expect(text).toContain(part)
    }
  })

  test('can be named by variables', () => {
    const env = {
      NORRIX_PROD_DATABASE_URL: 'postgres://a@localhost/b',
      NORRIX_PROD_DATABASE_PASSWORD_FILE: secretFile('x'),
      NORRIX_PROD_SECRETS: '/etc/norrix/secrets',
      NORRIX_PROD_BLOBS: '/mnt/blobs',
    }
    const { configs } = read({ environments: { prod: {} } }, env)
    expect(configs[0]).toMatchObject({
      database: { kind: 'postgres', host: 'localhost', password: 'x' },
      secretsFolder: '/etc/norrix/secrets',
      blobsFolder: '/mnt/blobs',
    })
  })
})
