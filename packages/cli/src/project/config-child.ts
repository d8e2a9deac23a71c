import * as nodeModule from 'node:module'
import { createWriteStream } from 'node:fs'

/**
 * The child process in which a project's configuration runs (product ruling 16). Arguments: the URL of the configuration
 * and the URL of the module that `@norrix/cli` stands for. What it exports goes out as JSON on descriptor 3, and nothing
 * else of it does: stdout and stderr lead nowhere.
 */

const [configUrl = '', defineConfigUrl = ''] = process.argv.slice(2)
const report = createWriteStream('', { fd: 3 })
// Nothing of the configuration may write there after, or instead of, this file.
const send = (value: unknown): void => {
  report.end(JSON.stringify(value))
}

resolveOwnName()
try {
  const loaded: unknown = await import(configUrl)
  const config: unknown = await (loaded as { default?: unknown }).default // a module's namespace is an object
  send({ config: config ?? null })
} catch (error) {
  send({ error: sentenceOf(error) })
}

/** Lets `@norrix/cli` be found in a project that installed nothing, and never a package that somebody else named so. */
function resolveOwnName(): void {
  // Older Node has no such function, whatever the types say.
  const { registerHooks }: Partial<typeof nodeModule> = nodeModule
  if (registerHooks) {
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === '@norrix/cli'
          ? { url: defineConfigUrl, shortCircuit: true }
          : next(specifier, context),
      load: (url, context, next) =>
        next(url, url === configUrl ? withModuleFormat(url, context) : context),
    })
    return
  }
  // Node before 22.15 has hooks only as a module of their own, in a thread of their own.
  const source = `export async function resolve(specifier, context, next) {
    return specifier === '@norrix/cli'
      ? { url: ${JSON.stringify(defineConfigUrl)}, shortCircuit: true }
      : next(specifier, context)
  }`
  nodeModule.register(`data:text/javascript,${encodeURIComponent(source)}`)
}

/** A configuration is an ES module, whatever the package.json beside it says. */
function withModuleFormat<T extends { format: string | null | undefined }>(
  url: string,
  context: T,
): T {
  return { ...context, format: url.endsWith('.ts') ? 'module-typescript' : 'module' }
}

function sentenceOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.slice(0, 2000)
}
