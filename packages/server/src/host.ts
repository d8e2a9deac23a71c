import { join } from 'node:path'
import { readConfig, type ConfigSources } from './config.ts'
import { defaultData } from './config/default-data.ts'
import type { Effects } from './kernel/effects.ts'
import { foldersOf, startServer, type NorrixServer } from './server.ts'

export interface HostOptions {
  readonly env: ConfigSources['env']
  /** Where relative names start. */
  readonly folder: string
  /** The clone, or the folder the package was installed to. */
  readonly root: string
  readonly effects: Effects
}

/**
 * Starts every environment of the configuration in this process: each a whole server of its own, with its own folder, port,
 * issuer and secrets. When one cannot start, none stays.
 *
 * @throws Fault config_file, data_in_use, data_unusable, port_taken
 */
export async function hostServers(
  options: HostOptions,
): Promise<{ servers: readonly NorrixServer[]; stop(): Promise<void> }> {
  const { env, folder, root, effects } = options
  const configs = readConfig({ env, folder, defaultData: defaultData(env, root) })
  const hidden = configs.flatMap(foldersOf)
  const servers: NorrixServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map((server) => server.stop()))
  }
  try {
    for (const config of configs) {
      const sibling = (): NorrixServer | undefined =>
        servers.find((server) => server.kind !== config.kind)
      servers.push(
        await startServer(config, { effects, distribution: join(root, 'dist'), sibling, hidden }),
      )
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { servers: [...servers], stop }
}
