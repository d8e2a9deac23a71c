import type { RequestListener, Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { version as ownVersion } from '@norrix/contract/version'
import { compose } from './compose.ts'
import type { EnvironmentConfig } from './config.ts'
import { readDistribution } from './distribution.ts'
import { startEmbeddedRunner, type EmbeddedRunner } from './embedded-runner.ts'
import type { Identity, PasswordCost } from './features/identity/index.ts'
import { answerNotYet, createListener } from './http/listener.ts'
import type { Effects } from './kernel/effects.ts'
import { lockFolder } from './kernel/lock.ts'
import { closeAll, listen, listenOn } from './listen.ts'
import { answerMetrics, noMetrics, serverMetrics, type ServerMetrics } from './metrics.ts'

export interface NorrixServer {
  readonly kind: EnvironmentConfig['kind']
  /** What people type. */
  readonly url: string
  readonly dataFolder: string
  /** A fresh link by which the first owner takes the server; undefined once it is taken. */
  ownerLink: Identity['ownerLink']
  /**
   * The server's own runner, once it has measured its isolation: seconds after the server answers. Undefined where the
   * configuration wants none, or it could not start: the log says why.
   */
  readonly runner: Promise<EmbeddedRunner | undefined>
  stop(): Promise<void>
}

export interface ServerDeps {
  readonly effects: Effects
  /** Where `npm run build` put the dashboard and the packed command line. */
  readonly distribution: string
  /** Only for tests, which sign in hundreds of times; a server takes the default. */
  readonly passwordCost?: PasswordCost
  /** Only for tests of what two versions say to each other; a server is of the contract's. */
  readonly version?: string
  /** What else no build may read: what belongs to the other environments of this host. */
  readonly hidden?: readonly string[]
  /** The other environment of this host, once it runs. */
  readonly sibling?: () =>
    | { readonly kind: EnvironmentConfig['kind']; readonly url: string }
    | undefined
}

/**
 * Starts one environment's server: takes the folder and the port, composes, serves, starts the runner.
 *
 * @throws Fault data_in_use, data_unusable, database_unusable, secrets_differ, port_taken
 */
export async function startServer(
  config: EnvironmentConfig,
  deps: ServerDeps,
): Promise<NorrixServer> {
  const log = deps.effects.log.with({ environment: config.kind })
  const effects: Effects = { ...deps.effects, log }
  const lock = lockFolder(config.dataFolder)
  // Taken first: the address of everything below follows from the port.
  let answer: RequestListener = answerNotYet
  const { servers, port } = await listen(config.listen, (req, res) => answer(req, res)).catch(
    (error: unknown) => {
      lock.release()
      throw error
    },
  )
  const publicUrl = config.publicUrl ?? `http://localhost:${port}`
  const version = deps.version ?? ownVersion
  const localOrigin = `http://127.0.0.1:${port}`
  const metrics = config.metrics ? serverMetrics(config.kind) : noMetrics
  const undo = async (error: unknown): Promise<never> => {
    await closeAll(servers, 0)
    lock.release()
    throw error
  }
  const scraped = await openMetrics(config, metrics, effects).catch(undo)
  const parts = await compose(config, {
    effects,
    publicUrl,
    version,
    localOrigin,
    distribution: readDistribution(deps.distribution),
    sibling: () => deps.sibling?.(),
    passwordCost: deps.passwordCost,
    metrics,
  }).catch(async (error: unknown) => {
    await closeAll(scraped, 0)
    return undo(error)
  })
  answer = createListener({
    publicUrl,
    version,
    log,
    now: effects.now,
    accessLog: config.accessLog,
    handlers: parts.handlers,
    draining: parts.draining.signal,
    onAnswered: metrics.answered,
  })
  const runner = config.runner
    ? startEmbeddedRunner({
        url: localOrigin,
        token: await parts.runnerToken(),
        config: config.runner,
        hidden: [...foldersOf(config), ...(deps.hidden ?? [])],
        scratch: join(config.dataFolder, 'runner'),
        log,
      })
    : Promise.resolve(undefined)
  log.info('server.started', { url: publicUrl, data: config.dataFolder, version })
  return {
    kind: config.kind,
    url: publicUrl,
    dataFolder: config.dataFolder,
    ownerLink: () => parts.identity.ownerLink(),
    runner,
    async stop() {
      parts.draining.abort()
      await pause(config.drain.noticeMs)
      // The runner says goodbye to a server that still answers.
      await (await runner)?.stop()
      parts.stopping.abort()
      await closeAll(servers, config.drain.limitMs)
      await closeAll(scraped, 0)
      await parts.close()
      lock.release()
      log.info('server.stopped')
    },
  }
}

async function openMetrics(
  { metrics: address }: EnvironmentConfig,
  metrics: ServerMetrics,
  effects: Effects,
): Promise<readonly Server[]> {
  if (!address) return []
  return [await listenOn(address.host, address.port, answerMetrics(metrics, effects))]
}

/** Where an environment keeps what is its own; database, blobs and secrets may lie outside of the data folder. */
export function foldersOf(config: EnvironmentConfig): readonly string[] {
  const { dataFolder, blobsFolder, secretsFolder, secretFiles, database } = config
  const files =
    database.kind === 'sqlite' ? ['', '-wal', '-shm'].map((end) => database.file + end) : []
  const elsewhere = [blobsFolder, secretsFolder, ...secretFiles, ...files]
  return [dataFolder, ...elsewhere.filter((path) => !path.startsWith(join(dataFolder, '/')))]
}
