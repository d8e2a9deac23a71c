import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { extract } from 'tar'

/**
 * Takes the packed command line from a server, as the install line does, and unpacks it. It depends on nothing, so that it
 * runs from where it lies.
 *
 * @returns the file to start, for `main` of `startNorrixCommand`
 */
export async function unpackCli(serverUrl: string, folder: string): Promise<string> {
  const answer = await fetch(`${serverUrl}/cli.tgz`)
  if (!answer.ok) throw new Error(`${serverUrl} serves no command line: run \`npm run build\`.`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'cli.tgz')
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()))
  await extract({ file, cwd: folder })
  return join(folder, 'package', 'norrix.cjs')
}
