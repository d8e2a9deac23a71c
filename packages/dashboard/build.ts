import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { build, type InlineConfig, type Rolldown } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))

/**
 * Builds the dashboard: `index.html`, and files with a hash in their names under `assets/`. Those never change
 * and may be cached for ever; `index.html` may not.
 *
 * @param outDir an absolute folder, emptied first
 * @throws Error with Vite's own words when a source does not build
 */
export async function buildDashboard(outDir: string): Promise<void> {
  const config = dashboardConfig()
  const built = await build({ ...config, build: { ...config.build, outDir, emptyOutDir: true } })
  const output = 'output' in built ? built.output : []
  const kilobytes = (firstLoadBytes(output) / 1000).toFixed(0)
  process.stderr.write(
    `dashboard: ${kilobytes} kB of gzipped JavaScript before the first page shows\n`,
  )
}

/** Vite's settings, for the build and for a development server. */
export function dashboardConfig(): InlineConfig {
  return {
    root,
    // Nothing but this call decides: no config file is searched for, no `.env` is read.
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    plugins: [react(), tailwindcss()],
    build: {
      target: 'es2022',
      // The server's policy has no 'unsafe-inline' for scripts: nothing may be written into the page itself.
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
    },
  }
}

/** What a browser loads to show the builds of an organization: the entry, that page, and all that both import. */
function firstLoadBytes(output: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[]): number {
  const chunks = new Map(
    output.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file]] : [])),
  )
  const loaded = new Set<Rolldown.OutputChunk>()
  const load = (chunk: Rolldown.OutputChunk | undefined): void => {
    if (!chunk || loaded.has(chunk)) return
    loaded.add(chunk)
    for (const name of chunk.imports) load(chunks.get(name))
  }
  for (const chunk of chunks.values()) {
    if (chunk.isEntry || chunk.facadeModuleId?.endsWith('/BuildsPage.tsx') === true) load(chunk)
  }
  return [...loaded].reduce((sum, { code }) => sum + gzipSync(code).length, 0)
}
