import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { listen } from './listen.ts'

const open: { close(): unknown }[] = []
afterEach(() => open.splice(0).forEach((server) => server.close()))

async function squatter(host: string, port = 0): Promise<number> {
  const server = createServer()
  open.push(server)
  await once(server.listen({ host, port }), 'listening')
  return (server.address() as AddressInfo).port // as: it listens on TCP
}

const hasIpv6 = await squatter('::1').then(
  () => true,
  () => false,
)

test.runIf(hasIpv6)('a port that another program has on ::1 is refused on localhost', async () => {
  const port = await squatter('::1')
  const asked = listen({ host: 'localhost', port }, () => {})
  await expect(asked).rejects.toMatchObject({ code: 'port_taken' })
  // And the other address is free again.
  expect(await squatter('127.0.0.1', port)).toBe(port)
})

test.runIf(hasIpv6)('a free port is free on both addresses of localhost', async () => {
  const { servers, port } = await listen({ host: 'localhost', port: 0 }, () => {})
  open.push(...(servers as readonly Server[]))
  const addresses = servers.map((server) => server.address() as AddressInfo) // as: they listen on TCP
  expect(addresses.map((one) => [one.address, one.port])).toEqual([
    ['127.0.0.1', port],
    ['::1', port],
  ])
})

// A network of its own, with no IPv6 in it.
const within = ['unshare', ...(process.getuid?.() === 0 ? ['-n'] : ['-Urn']), 'sh', '-c']
const setUp = 'ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6'
const run = (command: string, input = '') =>
  spawnSync(within[0] ?? '', [...within.slice(1), command], { encoding: 'utf8', input })
const mayTurnOff = process.platform === 'linux' && run(setUp).status === 0

test.runIf(mayTurnOff)('without IPv6 localhost is served on 127.0.0.1, whatever the port', () => {
  const script = `import { listen } from ${JSON.stringify(import.meta.resolve('./listen.ts'))}
    for (const port of [0, 4400]) {
      const { servers } = await listen({ host: 'localhost', port }, () => {})
      console.log(servers.map((server) => server.address().address).join())
      for (const server of servers) server.close()
    }`
  const node = `exec '${process.execPath}' --input-type=module`
  const { stdout, stderr } = run(`${setUp} && ${node}`, script)
  expect(stderr).toBe('')
  expect(stdout).toBe('127.0.0.1\n127.0.0.1\n')
})
