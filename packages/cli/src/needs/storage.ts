import { Fault } from '@norrix/contract/fault'
import { keyStorages, type KeyStorage } from '../home/settings.ts'
import type { Surroundings } from '../io/terminal.ts'
import { textOption, type Call } from './call.ts'

/**
 * Where the user wants the key of their sessions: `--storage`, else NORRIX_STORAGE; undefined where they leave it to norrix.
 *
 * @throws Fault usage
 */
export function readStorage(call: Call, env: Surroundings['env']): KeyStorage | undefined {
  const typed = textOption(call, 'storage')
  const text = typed ?? env['NORRIX_STORAGE']?.trim()
  if (!text) return undefined
  const found = keyStorages.find((one) => one === text)
  if (found) return found
  throw new Fault('usage', {
    message: `${typed === undefined ? 'NORRIX_STORAGE' : '--storage'} is not a place for keys: ${text.slice(0, 40)}`,
    fix: `use ${keyStorages.join(' or ')}`,
  })
}
