import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const identity = fileURLToPath(
  new URL('../../packages/server/src/features/identity/', import.meta.url),
)

/**
 * Every address of the identity feature, as `METHOD pattern`. Its pages and the authorization server's routes are no
 * operations of the contract (the one listed exception), so they are read where they are written down: the pages' `route(…)`
 * calls, and `ownPaths` of the authorization server.
 */
export function identityRoutes(): readonly string[] {
  const flows = readdirSync(`${identity}flows`).filter((file) => !file.endsWith('.test.ts'))
  const pages = flows.flatMap((file) =>
    [
      ...readFileSync(`${identity}flows/${file}`, 'utf8').matchAll(
        /\broute\(\s*'(\w+)',\s*\/\^(.*?)\$\/,/gs,
      ),
    ].map(([, method = '', pattern = '']) => `${method} ${pattern.replaceAll('\\/', '/')}`),
  )
  const server = readFileSync(`${identity}authorization-server/authorization-server.ts`, 'utf8')
  const [, list = ''] = /ownPaths = new Set\(\[(.*?)\]\)/s.exec(server) ?? []
  const own = [...list.matchAll(/'([^']+)'/g)].map(([, path]) => `ANY ${path}`)
  const more = [...server.matchAll(/\/\^(\\\/authorize\\\/.*?)\$\//g)].map(
    ([, pattern = '']) => `ANY ${pattern.replaceAll('\\/', '/')}`,
  )
  return [...pages, ...own, ...more]
}
