import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { NorrixServer } from '@norrix/server/server'

/** The person who claims a server in a test. */
export const owner = {
  name: 'Ada Lovelace',
  email: 'ada@example.com',
  password: 'correct horse battery staple',
  org: 'Acme',
} as const

/** A page of a browser of its own, in which nothing is signed in. What goes wrong in it is kept in `complaints`. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  // A refused style or script shows up here as well: the server's content policy is reported to the console.
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  return { page, complaints }
}

/** Claims a fresh server by its link, which also signs in; ends at the dashboard. */
export async function claim(page: Page, server: NorrixServer): Promise<void> {
  const link = await server.ownerLink()
  if (link === undefined) throw new Error('The server is claimed already.')
  await page.goto(link.url)
  await page.getByLabel('Your name').fill(owner.name)
  await page.getByLabel('E-mail').fill(owner.email)
  await page.getByLabel('Organization').fill(owner.org)
  await page.getByLabel('Password').first().fill(owner.password)
  await page.getByRole('button', { name: 'Claim this server' }).click()
  await page.getByRole('heading', { name: 'Builds' }).waitFor()
}
