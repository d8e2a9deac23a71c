// The floor of a cold start: the same runtime, one answer, nothing else. Plain JavaScript, so that no types are stripped.
import { createServer } from 'node:http'

const server = createServer((_req, res) => res.end('{}'))
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(
    `${JSON.stringify({ event: 'server.started', url: `http://127.0.0.1:${server.address().port}` })}\n`,
  )
})
process.on('SIGTERM', () => process.exit())
