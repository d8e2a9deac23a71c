// The way to a database on another machine: encrypted, and to the server that is meant.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@norrix/contract/fault'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inPostgres } from '../../../../../test/kit/postgres/admin.ts'
import { ownPostgres, type OwnPostgres } from '../../../../../test/kit/postgres/run.ts'
import type { Tables } from '../../schema/index.ts'
import { openDatabase, type PostgresConfig } from './database.ts'

const hasOpenssl = isThere('openssl')
if (!hasOpenssl)
  console.log('No openssl here: nobody makes certificates, so TLS to the database is not checked.')

let folder: string
let postgres: OwnPostgres
beforeAll(async () => {
  if (!hasOpenssl) return
  folder = mkdtempSync(join(tmpdir(), 'norrix-tls-'))
  makeCertificate('mine', 'IP:127.0.0.1')
  makeCertificate('other', 'DNS:db.example.com')
  postgres = await ownPostgres()
})
afterAll(async () => {
  await postgres?.end()
  if (folder) rmSync(folder, { recursive: true })
})

const usesTls = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'

async function ask(tls: PostgresConfig['tls']): Promise<unknown> {
  const db = openDatabase<Tables>({ ...postgres.remote, tls })
  try {
    return (await db.lookup<{ ssl: boolean }>(usesTls)())?.ssl
  } catch (error) {
    return error instanceof Fault ? error.code : error
  } finally {
    await db.close()
  }
}

test.skipIf(!hasOpenssl)('a server without TLS gets nothing', async () => {
  expect(await ask({ ca: undefined })).toBe('unavailable')
})

test.skipIf(!hasOpenssl)(
  'a server is believed by a certificate that is vouched for, and of its own name',
  async () => {
    await serveWith('mine')
    const [mine, other] = ['mine', 'other'].map((name) => read(`${name}.crt`))
    expect(await ask({ ca: mine })).toBe(true)
    expect(await ask({ ca: undefined })).toBe('unavailable')
    expect(await ask({ ca: other })).toBe('unavailable')
    await serveWith('other')
    expect(await ask({ ca: other })).toBe('unavailable')
  },
)

/** One that vouches for itself. */
function makeCertificate(name: string, subject: string): void {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const names = ['-subj', '/CN=norrix test', '-addext', `subjectAltName=${subject}`]
  execFileSync('openssl', [...made, '-days', '2', ...names, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
}

/** The server reads its key as its own user does: written by itself into its data folder. */
async function serveWith(name: string): Promise<void> {
  for (const ending of ['key', 'crt']) {
    const lines = read(`${name}.${ending}`).trim().split('\n')
    const rows = lines.map((line) => `('${line}')`).join(', ')
    const data = await inPostgres(postgres.owner, `select current_setting('data_directory') as at`)
    const program = `umask 077; cat > "${String(data[0]?.['at'])}/server.${ending}"`
    await inPostgres(postgres.owner, `copy (values ${rows}) to program '${program}'`)
  }
  await inPostgres(postgres.owner, 'alter system set ssl = on')
  await inPostgres(postgres.owner, 'select pg_reload_conf(), pg_sleep(0.5)')
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8')
}

function isThere(program: string): boolean {
  try {
    execFileSync(program, ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
