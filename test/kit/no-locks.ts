// Loaded into a command line of ours by `node --import`: stands for a disk that knows no locks, such as some of a network's. Where a
// lock's file is to be made, the system says no.
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { open } = fsPromises
fsPromises.open = async (path, ...rest) => {
  if (!String(path).endsWith('.lock')) return open(path, ...rest)
  throw Object.assign(new Error('no locks here'), { code: 'ENOLCK' })
}
syncBuiltinESMExports()
