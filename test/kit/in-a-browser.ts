import { afterAll, test } from 'vitest'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { createClient, type Client } from '@norrix/contract/client'
import type { NorrixServer } from '@norrix/server/server'
import { launchBrowser } from '../../tools/browser.ts'
import { ownPage } from './people.ts'

/**
 * Defines tests that need a real browser. Where none starts they fail in CI with the reason and the remedy, and elsewhere
 * one skipped test says both.
 */
export async function inABrowser(define: (browser: Browser) => void): Promise<void> {
  let browser: Browser
  try {
    browser = await launchBrowser()
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    test.skip(`in a browser. ${error instanceof Error ? error.message : String(error)}`, () => {})
    return
  }
  define(browser)
  afterAll(() => browser.close())
}

/** A browser of one person's own: its cookies and storage are nobody else's. */
export interface Seat {
  readonly context: BrowserContext
  readonly page: Page
  /** What a content policy stopped, on any page of this context; empty as long as nothing tried. */
  readonly violations: readonly string[]
  /** Dialogs (`alert` and its like) and script errors: what a script that got in would leave. */
  readonly incidents: readonly string[]
}

/** Opens a seat that notes what content policies stop and what scripts pop up. */
export async function takeSeat(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<Seat> {
  const context = await browser.newContext({ locale: 'en-GB', ...options })
  const violations: string[] = []
  const incidents: string[] = []
  await context.exposeBinding('noteViolation', (_source, what: string) => violations.push(what))
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => {
      const note = (globalThis as unknown as { noteViolation(what: string): void }).noteViolation // bound above
      note(`${event.effectiveDirective} stopped ${event.blockedURI} on ${event.documentURI}`)
    })
  })
  context.on('console', (message) => {
    const text = message.text()
    if (/Content Security Policy|Trusted(?:HTML|Script)/i.test(text)) violations.push(text)
  })
  context.on('dialog', (dialog) => {
    incidents.push(`${dialog.type()}: ${dialog.message()}`)
    void dialog.dismiss()
  })
  context.on('weberror', (error) => incidents.push(String(error.error())))
  return { context, page: await context.newPage(), violations, incidents }
}

/** Calls operations as the person whom this browser holds signed in at the server. */
export function clientIn(context: BrowserContext, { kind, url }: NorrixServer): Client {
  const headers = async (): Promise<Record<string, string>> => {
    const value = await cookieIn(context, `norrix_${kind}_session`)
    if (value === undefined) throw new Error(`Nobody is signed in to ${kind} in this browser.`)
    return { ...ownPage(url), cookie: `norrix_${kind}_session=${value}` }
  }
  return createClient({ baseUrl: url, headers })
}

/** The value of the browser's cookie of this name, if it holds one. */
export async function cookieIn(context: BrowserContext, name: string): Promise<string | undefined> {
  return (await context.cookies()).find((cookie) => cookie.name === name)?.value
}
