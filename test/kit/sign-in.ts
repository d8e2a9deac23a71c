import { Browser, type Page } from '../identity/browser.ts'
import { ana } from '../identity/command-line.ts'
import { startNorrixCommand, type Ran, type RunOptions } from './run-norrix.ts'

/** Signing in from the command line with a person at a browser, the browser done by fetch. */

export { ana }

/** Takes a fresh server: account and organization of `ana`. The browser stays signed in. */
export async function claim(
  server: { ownerLink(): Promise<{ url: string } | undefined> },
  browser = new Browser(),
): Promise<Browser> {
  const link = await server.ownerLink()
  if (!link) throw new Error('The server is claimed already.')
  const page = await browser.open(link.url)
  await browser.submit(page, '/claim', ana)
  return browser
}

/**
 * `norrix sign-in <server>` and everything that the person does.
 *
 * @returns what the command said, and the page that the browser ended on
 */
export async function signIn(
  serverUrl: string,
  options: RunOptions & { readonly browser?: Browser; readonly words?: readonly string[] } = {},
): Promise<Ran & { readonly page: Page }> {
  const browser = options.browser ?? new Browser()
  const words = ['sign-in', serverUrl, '--browser', ...(options.words ?? [])]
  const running = startNorrixCommand(words, options)
  const [, address = ''] = await running.waitFor(/^ {2}(https?:\/\/\S+)$/m)
  const page = await approve(browser, address)
  return { ...(await running.ended), page }
}

/** What `ana` does at the address that a sign-in printed: says who she is where asked, and says yes. */
export async function approve(browser: Browser, address: string): Promise<Page> {
  let page = await browser.open(address)
  if (page.forms.some(({ action }) => action.endsWith('/sign-in'))) {
    page = await browser.submit(page, '/sign-in', { email: ana.email, password: ana.password })
  }
  return browser.submit(page, '/consent', { answer: 'sign-in' })
}
