import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import type { Platform } from '@norrix/contract/builds.policy'
import type { SignIn, SignUp, UpstreamConfig } from '../features/identity/index.ts'
import type { DatabaseConfig } from '../kernel/db/database.ts'

/** Everything that one environment's server is told. Nothing else reads files or variables. */
export interface EnvironmentConfig {
  readonly kind: EnvironmentKind
  readonly name: string
  /** `localhost` listens on both loopback addresses. Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Undefined: `http://localhost:<port>`, once the port is known. */
  readonly publicUrl: string | undefined
  readonly dataFolder: string
  readonly database: DatabaseConfig
  readonly blobsFolder: string
  /** Pepper and keys. On PostgreSQL every server has the same ones in a folder of its own. */
  readonly secretsFolder: string
  readonly upstreams: readonly UpstreamConfig[]
  /** Files outside the data folder that hold secrets: no build may read them (ruling 15). */
  readonly secretFiles: readonly string[]
  readonly signUp: SignUp
  readonly signIn: SignIn
  readonly runner: RunnerConfig | undefined
  readonly limits: Limits
  /** Undefined: nobody reads metrics. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  readonly accessLog: boolean
  readonly drain: Drain
}

/** How a server stops. */
export interface Drain {
  readonly noticeMs: number
  readonly limitMs: number
}

/** The server's own runner. */
export interface RunnerConfig {
  readonly platforms: readonly Platform[]
  readonly allowNoIsolation: boolean
  readonly env: Readonly<Record<string, string>>
  readonly readable: readonly string[]
  /** Where the runner finds its tools. */
  readonly path: string
}

export interface Limits {
  readonly sourceBytes: number
  readonly artifactBytes: number
  readonly logBytes: number
  readonly buildMinutes: number
}
