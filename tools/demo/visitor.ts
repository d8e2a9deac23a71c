import { randomBytes } from 'node:crypto'
import type { Browser, Page } from 'playwright-core'
import {
  approveSignIn,
  claimIn,
  createKeyIn,
  leaveKeyDialog,
  revokeKeyIn,
  type Who,
} from '../../test/kit/visitor.ts'
import { launchBrowser } from '../browser.ts'
import { fetchVisitor } from './fetch-visitor.ts'

/** The person of the demo: in a real browser where one runs, else by the same pages' forms over fetch. */
export interface Visitor {
  readonly how: string
  claim(link: string): Promise<void>
  approve(address: string): Promise<void>
  createKey(origin: string, name: string): Promise<string>
  revokeKey(origin: string, name: string): Promise<void>
  close(): Promise<void>
}

/** Somebody new at each run. */
export const newcomer = (): Who => ({
  email: 'ana@example.com',
  password: `demo ${randomBytes(9).toString('base64url')}`,
  orgName: 'Acme',
})

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
