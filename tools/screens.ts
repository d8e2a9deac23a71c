import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scope } from '@norrix/contract/access.policy'
import { launchBrowser } from './browser.ts'
import { claimIn, createKeyIn, leaveKeyDialog } from './person-in-browser.ts'

/**
 * Takes the README's picture of the API Keys page from a server that runs and is unclaimed:
 * `node tools/screens.ts <claim link>`.
 */
const link = process.argv[2] ?? ''
const { origin } = new URL(link)
const folder = fileURLToPath(new URL('../docs/screens', import.meta.url))
const keys: readonly { name: string; scopes: readonly Scope[] }[] = [
  { name: 'Nightly builds', scopes: ['build'] },
  { name: 'Release pipeline', scopes: ['build', 'submit', 'update'] },
  { name: 'GitHub Actions', scopes: ['build', 'submit'] },
]

const browser = await launchBrowser()
try {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 560 },
    colorScheme: 'light',
    permissions: ['clipboard-write'],
  })
  const page = await context.newPage()
  const password = 'a picture for the readme'
  await claimIn(page, link, { email: 'ana@example.com', password, orgName: 'Acme' })
  for (const key of keys) {
    const secret = await createKeyIn(page, origin, key)
    await leaveKeyDialog(page)
    if (key.name === 'GitHub Actions') {
      await fetch(`${origin}/api/whoami`, {
        headers: { authorization: `Bearer ${secret}`, 'user-agent': 'norrix/0.1' },
      })
    }
  }
  // The use of a key is written within a second.
  await page.waitForTimeout(1500)
  await page.goto(`${origin}/settings/api-keys`)
  await page.getByRole('row').nth(keys.length).waitFor()
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, 'api-keys.png') })
} finally {
  await browser.close()
}
