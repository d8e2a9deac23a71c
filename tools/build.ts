import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

/** Builds what the server hands out, the dashboard and the packed command line, into `dist/`; skips what is up to date. */
const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

const parts = [
  {
    name: 'dashboard',
    inputs: ['packages/dashboard/**/*.{ts,tsx,css,html,svg,json}', 'packages/contract/src/**/*.ts'],
    async build() {
      const { buildDashboard } = await import('../packages/dashboard/build.ts')
      const draft = join(dist, 'dashboard.new')
      await buildDashboard(draft)
      for (const file of globSync(`${draft}/assets/*.{js,css,svg}`)) {
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }))
      }
      rmSync(join(dist, 'dashboard'), { recursive: true, force: true })
      renameSync(draft, join(dist, 'dashboard'))
    },
  },
  {
    name: 'cli',
    inputs: [
      'packages/cli/**/*.{ts,js,mjs,cjs,json,md}',
      'packages/runner/**/*.{ts,json}',
      'packages/contract/src/**/*.ts',
      'LICENSE',
    ],
    async build() {
      const { bundleCli } = await import('../packages/cli/bundle.ts')
      const { tarball } = await bundleCli(join(dist, 'cli'))
      renameSync(tarball, join(dist, 'norrix-cli.tgz'))
    },
  },
] as const

// What is handed out is the production build, also where a test runner has said otherwise (React alone is 70 kB bigger).
process.env['NODE_ENV'] = 'production'
mkdirSync(dist, { recursive: true })
for (const part of parts) {
  const stamp = join(dist, `${part.name}.stamp`)
  const digest = digestOf(part.inputs)
  if (readStamp(stamp) === digest) continue
  const started = performance.now()
  await part.build()
  writeFileSync(stamp, digest)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  process.stderr.write(`built ${part.name} in ${seconds} s\n`)
}

function digestOf(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  const files = [...inputs, 'package-lock.json']
    .flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ['**/node_modules', '**/dist'] }))
    .sort()
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function readStamp(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
