import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../browser.ts'
import {
  approveSignIn,
  claimIn,
  createKeyIn,
  leaveKeyDialog,
  revokeKeyIn,
  type Who,
} from '../person-in-browser.ts'
import { fetchVisitor } from './fetch-visitor.ts'
import type { Visitor } from './visitor.ts'

/** @param say told why, where no browser runs */
export async function openVisitor(who: Who, say: (line: string) => void): Promise<Visitor> {
  try {
    return await browserVisitor(await launchBrowser(), who)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    return fetchVisitor(who)
  }
}

async function browserVisitor(browser: Browser, who: Who): Promise<Visitor> {
  const context = await browser.newContext({ permissions: ['clipboard-write'] })
  const page: Page = await context.newPage()
  return {
    how: `Chromium ${browser.version()}`,
    claim: (link) => claimIn(page, link, who),
    approve: (address) => approveSignIn(page, address, who),
    async createKey(origin, name) {
      const key = await createKeyIn(page, origin, { name, scopes: ['build'] })
      await leaveKeyDialog(page)
      return key
    },
    revokeKey: (origin, name) => revokeKeyIn(page, origin, name),
    close: () => browser.close(),
  }
}
