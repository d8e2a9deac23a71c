import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiKeys } from '@norrix/contract/api-keys.operations'
import { builds } from '@norrix/contract/builds.operations'
import { orgs } from '@norrix/contract/orgs.operations'
import { sessions } from '@norrix/contract/sessions.operations'
import { Fault } from '@norrix/contract/fault'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { bearer, claim, makeKey, type Person } from '../kit/people.ts'

let norrix: Norrix
let owner: Person

beforeAll(async () => {
  norrix = await startNorrix()
  owner = await claim(norrix.prod)
})
afterAll(() => norrix.stop())

/** What is thrown, as a fault. */
async function faultOf(call: Promise<unknown>): Promise<Fault> {
  try {
    await call
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('It was allowed.')
}

test('a key is shown once and recognised by its start afterwards', async () => {
  const { id, secret } = await makeKey(owner)
  expect(secret).toMatch(/^nrx_[A-Za-z0-9]{48}$/)
  const listed = await owner.client.call(apiKeys.list, { params: { orgId: owner.orgId } })
  expect(listed.items.map((key) => key.id)).toContain(id)
  expect(JSON.stringify(listed)).not.toContain(secret)
  expect(listed.items.find((key) => key.id === id)?.start).toBe(secret.slice(0, 12))
})

test('a key says who it is, and lists its own organization only', async () => {
  const { id, secret } = await makeKey(owner, ['build', 'submit'])
  const client = bearer(norrix.prod.url, secret)
  const me = await client.call(sessions.whoami, {})
  expect(me).toMatchObject({ actor: 'key', user: null, key: { id, scopes: ['build', 'submit'] } })
  const mine = await client.call(orgs.list, {})
  expect(mine.items.map((org) => org.id)).toEqual([owner.orgId])
})

test('a revoked key is refused at the very next call', async () => {
  const { id, secret } = await makeKey(owner)
  const client = bearer(norrix.prod.url, secret)
  await client.call(sessions.whoami, {})
  await owner.client.call(apiKeys.revoke, {
    params: { orgId: owner.orgId, keyId: id },
    body: {},
  })
  const fault = await faultOf(client.call(sessions.whoami, {}))
  expect(fault.code).toBe('key_revoked')
  expect(fault.message).toBe('Invalid or expired API key')
  // A thief may hold it: nothing of the organization, the name or the people in the answer (ruling 20).
  expect(JSON.stringify(fault)).not.toMatch(/Acme|GitHub Actions|ana@example|org_/)
})

test('no request that starts after the revocation answered is accepted, with many under way', async () => {
  const { id, secret } = await makeKey(owner)
  const client = bearer(norrix.prod.url, secret)
  let revokedAt = Infinity
  const late: number[] = []
  const hammer = async (): Promise<void> => {
    for (;;) {
      const started = performance.now()
      try {
        await client.call(sessions.whoami, {})
        if (started > revokedAt) late.push(started)
      } catch {
        return
      }
    }
  }
  const hammers = Array.from({ length: 16 }, hammer)
  await new Promise((resolve) => setTimeout(resolve, 300))
  await owner.client.call(apiKeys.revoke, {
    params: { orgId: owner.orgId, keyId: id },
    body: {},
  })
  revokedAt = performance.now()
  await Promise.all(hammers)
  expect(late).toEqual([])
})

test('an expired key is refused from its moment on', async () => {
  const { secret } = await makeKey(owner, ['build'], {
    expiresAt: new Date(Date.now() + 1500).toISOString(),
  })
  const client = bearer(norrix.prod.url, secret)
  await client.call(sessions.whoami, {})
  await new Promise((resolve) => setTimeout(resolve, 1550))
  expect((await faultOf(client.call(sessions.whoami, {}))).code).toBe('key_expired')
})

test.each([
  ['noise', 'nrx_'],
  ['a mistyped one', `nrx_${'a'.repeat(48)}`],
])('a key that is %s gets the one uniform refusal', async (_, key) => {
  const fault = await faultOf(bearer(norrix.prod.url, key).call(sessions.whoami, {}))
  expect(fault).toMatchObject({ code: 'key_invalid', message: 'Invalid or expired API key' })
})

test('a key without the scope is told which key, which scope, and who can mend it', async () => {
  const { id, secret } = await makeKey(owner, ['submit'])
  const fault = await faultOf(
    bearer(norrix.prod.url, secret).call(builds.list, { params: { orgId: owner.orgId } }),
  )
  expect(fault.code).toBe('scope_missing')
  expect(fault.details).toMatchObject({ keyId: id, scopes: ['submit'], needed: ['build'] })
  expect(fault.fix).toContain(`${norrix.prod.url}/settings/api-keys`)
})

test('a key never makes, reads or revokes keys, and never makes an organization', async () => {
  const { id, secret } = await makeKey(owner, ['build', 'submit', 'update'])
  const client = bearer(norrix.prod.url, secret)
  const params = { orgId: owner.orgId }
  const newKey = { name: 'x', scopes: ['build' as const] }
  const attempts = [
    () => client.call(apiKeys.create, { params, body: newKey }),
    () => client.call(apiKeys.list, { params }),
    () => client.call(apiKeys.revoke, { params: { ...params, keyId: id }, body: {} }),
    () => client.call(orgs.create, { body: { name: 'Mine' } }),
  ]
  for (const attempt of attempts) expect((await faultOf(attempt())).code).toBe('key_not_allowed')
})

test('a key that names another organization is told so, never silently redirected', async () => {
  const other = await owner.client.call(orgs.create, { body: { name: 'Nightly Lab' } })
  const { secret } = await makeKey(owner)
  const fault = await faultOf(
    bearer(norrix.prod.url, secret).call(builds.list, { params: { orgId: other.id } }),
  )
  expect(fault.code).toBe('org_mismatch')
})

test('a page of another origin cannot make or revoke a key with the browser’s cookie', async () => {
  const { id, secret } = await makeKey(owner)
  const address = `${norrix.prod.url}/api/orgs/${owner.orgId}/api-keys/${id}/revoke`
  for (const headers of [
    { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
    { origin: norrix.prod.url, 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:1', 'sec-fetch-site': 'same-origin' },
    {},
  ]) {
    const answer = await fetch(address, {
      method: 'POST',
      body: '{}',
      headers: { ...headers, cookie: owner.cookie, 'content-type': 'application/json' },
    })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({ code: 'origin_refused' })
  }
  await bearer(norrix.prod.url, secret).call(sessions.whoami, {})
})

test('a key in the address is refused and called leaked', async () => {
  const { secret } = await makeKey(owner)
  const answer = await fetch(`${norrix.prod.url}/api/whoami?key=${secret}`)
  expect(await answer.json()).toMatchObject({ code: 'key_in_url' })
  expect(norrix.log.join('')).not.toContain(secret)
})

test('unknown fields, no scope, scopes twice and unknown scopes are refused, all at once', async () => {
  const answer = await fetch(`${norrix.prod.url}/api/orgs/${owner.orgId}/api-keys`, {
    method: 'POST',
    body: JSON.stringify({ name: '', scopes: ['admin'], createdBy: 'user_x' }),
    headers: {
      origin: norrix.prod.url,
      'sec-fetch-site': 'same-origin',
      cookie: owner.cookie,
      'content-type': 'application/json',
    },
  })
  expect(answer.status).toBe(400)
  const { details } = (await answer.json()) as { details: { fields: { field: string }[] } }
  expect(details.fields.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['name', 'scopes.0', '']),
  )
})

test('no key, cookie or token is anywhere in the log', async () => {
  const { secret } = await makeKey(owner)
  await bearer(norrix.prod.url, secret).call(sessions.whoami, {})
  await faultOf(bearer(norrix.prod.url, `${secret}x`).call(sessions.whoami, {}))
  const text = norrix.log.join('')
  expect(text).not.toContain(secret)
  expect(text).not.toContain(owner.cookie.split('=')[1])
})
