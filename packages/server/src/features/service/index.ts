import { createReadStream } from 'node:fs'
import { Fault } from '@norrix/contract/fault'
import { toOpenApi } from '@norrix/contract/openapi'
import { operations as allOperations } from '@norrix/contract/operations'
import { service as operations } from '@norrix/contract/service.operations'
import { shapes } from '@norrix/contract/shapes'
import { servedBy } from '@norrix/contract/versions.policy'
import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import { implement, type Route } from '../../http/implement.ts'

/** The packed command line that this server hands out (ruling 22). */
export interface CliPackage {
  readonly file: string
  readonly sizeBytes: number
  /** `sha512-` and base64. */
  readonly integrity: string
}

export interface ServiceDeps {
  readonly environment: {
    readonly kind: EnvironmentKind
    readonly publicUrl: string
    readonly name: string
    readonly version: string
  }
  /** The other environment of this host, if there is one and it runs. */
  readonly sibling: () => { readonly kind: EnvironmentKind; readonly url: string } | undefined
  readonly signInNames: () => readonly string[]
  /** @throws Fault unavailable while this server cannot do its work */
  readonly ready: () => Promise<void>
  /** Undefined until `npm run build` has packed it. */
  readonly cli: CliPackage | undefined
}

/** What the service says about itself. */
export function serviceFeature(deps: ServiceDeps): { readonly routes: readonly Route[] } {
  const { kind, publicUrl, name, version } = deps.environment
  let document: ReturnType<typeof toOpenApi> | undefined
  // Made when somebody asks: few ever do, and no server has to wait for it at its start.
  const openApi = () => (document ??= toOpenApi(allOperations, shapes, { url: publicUrl, version }))
  const packed = (): CliPackage => {
    if (deps.cli) return deps.cli
    throw new Fault('unavailable', {
      message: 'This server has no packed command line to hand out.',
      fix: 'on the server: npm run build, then start it again',
    })
  }
  return {
    routes: [
      implement(operations.discover, () => {
        const sibling = deps.sibling()
        return {
          kind,
          issuer: publicUrl,
          name,
          version,
          cli: servedBy(version),
          signIn: [...deps.signInNames()],
          sibling: sibling ? { kind: sibling.kind, url: sibling.url } : null,
        }
      }),
      implement(operations.health, () => ({ status: 'up' as const })),
      implement(operations.ready, async () => {
        await deps.ready()
        return { status: 'ready' as const }
      }),
      implement(operations.openapi, openApi),
      implement(operations.cli, () => {
        const { sizeBytes, integrity } = packed()
        const url = `${publicUrl}/cli.tgz`
        return { version, url, integrity, sizeBytes, install: `npm install -g ${url}` }
      }),
      implement(operations.cliPackage, () => {
        const { file, sizeBytes } = packed()
        return {
          stream: createReadStream(file),
          sizeBytes,
          contentType: 'application/gzip',
          fileName: `norrix-cli-${version}.tgz`,
        }
      }),
    ],
  }
}
