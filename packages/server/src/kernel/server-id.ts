import { randomBytes } from 'node:crypto'
import { Fault } from '@norrix/contract/fault'
import { keepSecret } from './secrets.ts'

/**
 * Names this server among those that share its database and blobs, the same after each start. It lies in the data folder, which
 * one process at a time has; a copy of that folder is the same server.
 *
 * @throws Fault data_unusable
 */
export function keepServerId(dataFolder: string): string {
  const make = () => Buffer.from(`server_${randomBytes(8).toString('hex')}`)
  const id = Buffer.from(keepSecret(dataFolder, 'server-id', make)).toString()
  if (/^server_[0-9a-f]{16}$/.test(id)) return id
  throw new Fault('data_unusable', {
    message: `The file server-id of the data folder ${dataFolder} holds no id of a server.`,
    fix: 'remove it: the next start makes one',
  })
}
