import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { build, type InlineConfig } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))

/**
 * Builds the dashboard: `index.html`, and files with a hash in their names under `assets/`. Those never change
 * and may be cached for ever; `index.html` may not.
 *
 * @param outDir an absolute folder, emptied first
 * @throws Error with Vite's own words when a source does not build
 */
export async function buildDashboard(outDir: string): Promise<void> {
  await build({
    ...dashboardConfig(),
    build: { ...dashboardConfig().build, outDir, emptyOutDir: true },
  })
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
