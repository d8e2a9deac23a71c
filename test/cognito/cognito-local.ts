import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as oc from 'openid-client'
import { startSignIn, walkSignIn } from './sign-in.ts'
import type { Client, Tokens } from './sign-in.ts'

// Its pools know people by their mail address.
const ANN = { username: 'ann@example.test', password: 'Correct-Horse-1', email: 'ann@example.test' }

/** Starts cognito-local in a folder of its own, makes a pool, a client and a user, and signs in there. */
export async function cognitoLocalTokens(options: {
  tools: string
  callbackUrl: string
}): Promise<Tokens> {
  const folder = await mkdtemp(join(tmpdir(), 'norrix-cognito-local-'))
  const start = join(options.tools, 'node_modules', 'cognito-local', 'lib', 'bin', 'start.js')
  const child = spawn(process.execPath, [start], {
    cwd: folder,
    env: { PATH: process.env['PATH'], PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const origin = await announced(child.stdout)
    return await signInAt(origin, options.callbackUrl)
  } finally {
    child.kill()
    await rm(folder, { recursive: true, force: true })
  }
}

async function signInAt(origin: string, callbackUrl: string): Promise<Tokens> {
  const pool = (await awsCall(origin, 'CreateUserPool', { PoolName: 'p' }))['UserPool']?.['Id']
  const app = { ClientName: 'c', CallbackURLs: [callbackUrl], AllowedOAuthFlows: ['code'] }
  const scopes = { AllowedOAuthScopes: ['openid', 'email'], GenerateSecret: false }
  const made = await awsCall(origin, 'CreateUserPoolClient', {
    UserPoolId: pool,
    ...app,
    ...scopes,
  })
  const user = { UserPoolId: pool, Username: ANN.username }
  const attributes = [{ Name: 'email', Value: ANN.email }]
  await awsCall(origin, 'AdminCreateUser', {
    ...user,
    UserAttributes: attributes,
    MessageAction: 'SUPPRESS',
  })
  await awsCall(origin, 'AdminSetUserPassword', {
    ...user,
    Password: ANN.password,
    Permanent: true,
  })
  // Its issuer is made of the variables HOST and PORT, and its metadata names no endpoint: so no discovery.
  const issuer = `http://127.0.0.1:0/${pool}`
  const metadata = {
    issuer,
    authorization_endpoint: `${origin}/oauth2/authorize`,
    token_endpoint: `${origin}/oauth2/token`,
  }
  const clientId = String(made['UserPoolClient']?.['ClientId'])
  const config = new oc.Configuration(metadata, clientId, undefined, oc.None())
  oc.allowInsecureRequests(config)
  const client: Client = { config, target: { ...ANN, issuer, clientId, callbackUrl } }
  const attempt = await startSignIn(client)
  const end = await walkSignIn(client, { attempt })
  if (end.kind !== 'home') throw new Error(`cognito-local kept the walk at ${end.url.pathname}`)
  // It sends no nonce back, so none is expected.
  const { verifier: pkceCodeVerifier, state: expectedState } = attempt
  return oc.authorizationCodeGrant(config, end.url, { pkceCodeVerifier, expectedState })
}

async function awsCall(
  origin: string,
  action: string,
  body: Record<string, unknown>,
): Promise<Record<string, Record<string, string> | undefined>> {
  const credential = 'Credential=local/20200101/us-east-1/cognito-idp/aws4_request'
  const response = await fetch(origin, {
    method: 'POST',
    headers: {
      'x-amz-target': `AWSCognitoIdentityProviderService.${action}`,
      'content-type': 'application/x-amz-json-1.1',
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=x`,
    },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`cognito-local refused ${action}: ${await response.text()}`)
  return response.json()
}

async function announced(output: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of output) {
    text += chunk.toString('utf8')
    const origin = /running on (?<origin>http:\/\/[\w.:[\]]+)/.exec(text)?.groups?.['origin']
    if (origin !== undefined) return origin
  }
  throw new Error(`cognito-local did not start: ${text}`)
}
