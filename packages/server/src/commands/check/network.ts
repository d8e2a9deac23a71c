import { createServer } from 'node:http'
import { once } from 'node:events'
import type { EnvironmentConfig } from '../../config.ts'
import { checkUpstreams } from '../../features/identity/index.ts'
import { fine, reasonOf, warning, wrong, type Finding } from './finding.ts'

const patienceMs = 5000

/** The port, the address that people type, and the upstreams with the callback address of each. */
export async function checkNetwork(
  config: EnvironmentConfig,
  publicUrl: string,
): Promise<readonly Finding[]> {
  const port = await checkPort(config, publicUrl)
  return [port, ...(await checkAddress(port, publicUrl)), ...(await checkSignIn(config, publicUrl))]
}

async function checkPort({ listen }: EnvironmentConfig, publicUrl: string): Promise<Finding> {
  const { host, port } = listen
  const here = host === 'localhost' || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const who = await discover(`http://${here.includes(':') ? `[${here}]` : here}:${port}`)
  if (who.issuer === publicUrl) return fine('port', `${port} is served by Norrix ${who.version}.`)
  const server = createServer().listen({ host: here, port, exclusive: true })
  try {
    await once(server, 'listening')
    return fine('port', `${port} on ${host} is free: nothing is served now.`)
  } catch (error) {
    const by = who.issuer === undefined ? reasonOf(error) : `the server of ${who.issuer}`
    return wrong(
      'port',
      `${port} on ${host} is not to be had: ${by}.`,
      'stop what has it, or set another `listen.port`',
    )
  } finally {
    server.close()
  }
}

/** Whether what people type leads to this server: through a proxy, a name, a certificate. */
async function checkAddress(port: Finding, publicUrl: string): Promise<Finding[]> {
  if (!port.text.includes('served by')) return []
  const { issuer, problem } = await discover(publicUrl)
  if (issuer === publicUrl) return [fine('address', `${publicUrl} leads here.`)]
  const found = issuer === undefined ? `nothing of ours answers (${problem})` : `${issuer} answers`
  return [
    warning(
      'address',
      `From this machine, at ${publicUrl} ${found}.`,
      'look at the proxy in front, the name and the certificate',
    ),
  ]
}

async function checkSignIn(config: EnvironmentConfig, publicUrl: string): Promise<Finding[]> {
  const { upstreams } = config
  return (await checkUpstreams({ upstreams, publicUrl })).flatMap(
    ({ name, callbackUrl, problem }) => {
      if (callbackUrl === undefined) return [fine('sign-in', `${name}: kept by this server.`)]
      const callback = fine(
        'callback',
        `${callbackUrl} is to be registered with ${name}, byte for byte.`,
      )
      if (problem === undefined) return [fine('sign-in', `${name} answers.`), callback]
      const fix = 'look at the issuer in `upstreams`, and at the way from here to there'
      return [wrong('sign-in', problem, fix), callback]
    },
  )
}

async function discover(
  origin: string,
): Promise<{ issuer?: string; version?: string; problem?: string }> {
  try {
    const answer = await fetch(`${origin}/.well-known/norrix`, {
      signal: AbortSignal.timeout(patienceMs),
      redirect: 'error',
    })
    const said: unknown = await answer.json()
    if (typeof said !== 'object' || said === null || !('issuer' in said))
      return { problem: 'not Norrix' }
    return { issuer: String(said.issuer), version: 'version' in said ? String(said.version) : '' }
  } catch (error) {
    return { problem: reasonOf(error instanceof Error && error.cause ? error.cause : error) }
  }
}
