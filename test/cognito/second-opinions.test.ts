import { createRequire } from 'node:module'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import * as oc from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cognitoLocalTokens } from './cognito-local.ts'
import { startCognitoDouble } from './double.ts'
import type { CognitoDouble } from './double.ts'
import { signIn } from './sign-in.ts'
import type { SignInTarget, Tokens } from './sign-in.ts'
import { installedTools } from '../../tools/locked-tools.ts'

const CALLBACK = 'http://localhost:41999/callback'
const ANN = { username: 'ann', password: 'Correct-Horse-1', email: 'ann@example.test' }
const POOL_ID = 'eu-central-1_Second1op'
const AWS_ISSUER = `https://cognito-idp.eu-central-1.amazonaws.com/${POOL_ID}`
const INSTALL_MS = 200_000

/** As much of `aws-jwt-verify` as is used here; its types are not in the project's tree. */
interface AwsJwtVerify {
  CognitoJwtVerifier: {
    create: (check: {
      userPoolId: string
      tokenUse: 'access' | 'id'
      clientId: string
      groups?: string
    }) => {
      cacheJwks: (jwks: unknown) => void
      verify: (token: string) => Promise<Record<string, unknown>>
    }
  }
}

describe("AWS's own verifier, on a double that claims AWS's issuer", () => {
  let double: CognitoDouble
  let tokens: Tokens
  let jwks: unknown
  let aws: AwsJwtVerify
  beforeAll(async () => {
    aws = createRequire(join(await installedTools('cognito'), 'package.json'))('aws-jwt-verify')
    const user = { ...ANN, groups: ['builders'] }
    const client = { callbackUrls: [CALLBACK] }
    double = await startCognitoDouble({
      users: [user],
      client,
      userPoolId: POOL_ID,
      issuer: AWS_ISSUER,
    })
    jwks = await getJson(`${double.issuerOrigin}/${POOL_ID}/.well-known/jwks.json`)
    tokens = await signInAt(
      await getJson(`${double.issuerOrigin}/${POOL_ID}/.well-known/openid-configuration`),
      {
        ...ANN,
        issuer: AWS_ISSUER,
        clientId: double.clientId,
        callbackUrl: CALLBACK,
      },
    )
  }, INSTALL_MS)
  afterAll(() => double?.close())

  const verify = (
    token: string | undefined,
    change: Partial<Check> = {},
  ): Promise<Record<string, unknown>> => {
    const check: Check = {
      userPoolId: POOL_ID,
      tokenUse: 'access',
      clientId: double.clientId,
      ...change,
    }
    const verifier = aws.CognitoJwtVerifier.create(check)
    verifier.cacheJwks(jwks)
    return verifier.verify(token ?? '')
  }

  test('accepts the access token and the id token, each for its use', async () => {
    expect(await verify(tokens.access_token)).toMatchObject({
      username: 'ann',
      client_id: double.clientId,
    })
    expect(await verify(tokens.id_token, { tokenUse: 'id' })).toMatchObject({
      'cognito:username': 'ann',
    })
  })

  test('sees the groups', async () => {
    expect(await verify(tokens.access_token, { groups: 'builders' })).toBeDefined()
    await expect(verify(tokens.access_token, { groups: 'owners' })).rejects.toThrow()
  })

  test('refuses the id token as access token, and the access token of another client', async () => {
    await expect(verify(tokens.id_token)).rejects.toThrow(/token use/i)
    await expect(verify(tokens.access_token, { clientId: 'another' })).rejects.toThrow(/client/i)
  })

  test('refuses the token of another pool', async () => {
    await expect(
      verify(tokens.access_token, { userPoolId: 'eu-central-1_Another12' }),
    ).rejects.toThrow(/issuer/i)
  })
})

type Check = Parameters<AwsJwtVerify['CognitoJwtVerifier']['create']>[0]

const isLong = process.env['NORRIX_TEST_LONG'] === '1'

describe.skipIf(!isLong)('cognito-local (only under NORRIX_TEST_LONG=1: it is 128 MB)', () => {
  test(
    'its tokens hold no claim that ours lack, and ours have four beyond: at_hash, nonce, origin_jti, version',
    async () => {
      const theirs = await cognitoLocalTokens({
        tools: await installedTools('cognito', { dev: true }),
        callbackUrl: CALLBACK,
      })
      const ours = await doubleTokens()
      expect(beyond(theirs.access_token, ours.access_token)).toEqual([])
      expect(beyond(theirs.id_token, ours.id_token)).toEqual([])
      expect(beyond(ours.access_token, theirs.access_token)).toEqual(['origin_jti', 'version'])
      // It takes no nonce and links no access token to the id token.
      expect(beyond(ours.id_token, theirs.id_token)).toEqual(['at_hash', 'nonce', 'origin_jti'])
    },
    INSTALL_MS + 60_000,
  )
})

/** Names of claims that `one` has and `other` has not, sorted. */
function beyond(one: string | undefined, other: string | undefined): string[] {
  const known = new Set(Object.keys(decodeJwt(other ?? '')))
  return Object.keys(decodeJwt(one ?? ''))
    .filter((name) => !known.has(name))
    .toSorted()
}

async function doubleTokens(): Promise<Tokens> {
  const double = await startCognitoDouble({ users: [ANN], client: { callbackUrls: [CALLBACK] } })
  const { issuer, clientId } = double
  const tokens = await signInAt(await getJson(`${issuer}/.well-known/openid-configuration`), {
    ...ANN,
    issuer,
    clientId,
    callbackUrl: CALLBACK,
  })
  await double.close()
  return tokens
}

/** Signs in without discovery, which would refuse an issuer that is served somewhere else. */
async function signInAt(metadata: oc.ServerMetadata, target: SignInTarget): Promise<Tokens> {
  const config = new oc.Configuration(metadata, target.clientId, undefined, oc.None())
  oc.allowInsecureRequests(config)
  return signIn({ config, target })
}

async function getJson(url: string): Promise<oc.ServerMetadata> {
  return (await fetch(url)).json()
}
