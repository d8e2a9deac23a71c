import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { requestDevice } from '../identity/device.ts'
import { inABrowser, takeSeat, type Seat } from '../kit/in-a-browser.ts'
import { startNorrix, type Norrix } from '../kit/norrix.ts'
import { temporaryHome } from '../kit/run-norrix.ts'
import { keys, typeInTerminal } from '../kit/terminal.ts'
import { claimIn } from '../../tools/person-in-browser.ts'

/** The pages of a sign-in by a code and by hand, in a real browser: wide, narrow and dark. */
const ana = { email: 'ana@example.com', password: 'correct horse battery', orgName: 'Acme' }
const looks = {
  wide: { viewport: { width: 1280, height: 800 } },
  narrow: { viewport: { width: 320, height: 640 } },
  dark: { viewport: { width: 800, height: 800 }, colorScheme: 'dark' },
} as const

await inABrowser((browser) => {
  let norrix: Norrix
  let seat: Seat
  beforeAll(async () => {
    ;[norrix, seat] = await Promise.all([startNorrix(), takeSeat(browser)])
    await claimIn(seat.page, (await norrix.prod.ownerLink())?.url ?? '', ana)
  })
  afterAll(() => norrix?.stop())

  test('a code is typed, approved by keyboard, and the page sends back to the terminal', async () => {
    const { page } = seat
    const device = await requestDevice(norrix.prod.url, { device: 'build-box', system: 'Linux' })
    await page.goto(`${norrix.prod.url}/device`)
    // The browser puts the cursor there by itself, but not at once.
    await page.locator('input:focus').waitFor()
    await page.keyboard.type(device.user_code.toLowerCase())
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Sign in the Norrix CLI on build-box?' }).waitFor()
    await page.getByRole('button', { name: 'Sign in', exact: true }).press('Enter')
    await page.getByText('Go back to your terminal').waitFor()
    expect(seat.violations).toEqual([])
  })

  test('a code of a link cannot be sent before it is ticked, and its consent page comes all the same (T16)', async () => {
    const { page } = seat
    const device = await requestDevice(norrix.prod.url)
    await page.goto(device.verification_uri_complete ?? '')
    expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe(device.user_code)
    await page.getByRole('button', { name: 'Continue' }).click()
    expect(new URL(page.url()).pathname).toBe('/device')
    await page.getByLabel('My terminal shows exactly this code').check()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: /^Sign in the Norrix CLI on / }).waitFor()
  })

  test('by hand: all of the answer is selected by the keyboard, no address keeps it, and the terminal takes it', async () => {
    const { page } = seat
    const home = temporaryHome()
    const words = ['sign-in', norrix.prod.url, '--no-browser']
    const terminal = typeInTerminal(words, { home: home.path, columns: 500 })
    const [, address = ''] = await terminal.waitFor(/^ {2}(https?:\/\/\S+\/authorize\?\S+)$/m)
    await page.goto(address)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    const answer = page.getByLabel('Answer for the terminal')
    await answer.waitFor()
    expect(page.url()).toBe(`${norrix.prod.url}/sign-in/code`)
    await page.keyboard.press('ControlOrMeta+A')
    const selected = await answer.evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd),
    )
    expect(selected).toMatch(/^norrix-sign-in\.[\w-]+$/)
    await page.reload()
    expect(await answer.inputValue()).toBe(selected)
    await page.goBack()
    expect(page.url()).not.toContain('code=')
    terminal.press(selected + keys.enter)
    expect(await terminal.ended, terminal.seen()).toBe(0)
    expect(seat.violations).toEqual([])
    home.remove()
  })

  test.each(Object.entries(looks))('the pages fit a screen that is %s', async (name, look) => {
    const own = await takeSeat(browser, look)
    await own.context.addCookies(await seat.context.cookies())
    const { page } = own
    const see = async (what: string): Promise<void> => {
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow, `${what} on ${name}`).toBe(0)
      // To look at by hand; no file is compared.
      const folder = process.env['NORRIX_TEST_SCREENS']
      if (folder === undefined) return
      mkdirSync(folder, { recursive: true })
      await page.screenshot({ path: join(folder, `${what}-${name}.png`), fullPage: true })
    }
    const device = await requestDevice(norrix.prod.url, { device: 'build-box', system: 'Linux' })
    await page.goto(`${norrix.prod.url}/device`)
    await see('device')
    await page.getByLabel('Code', { exact: true }).fill('BBBB-BBBB')
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByText('No terminal waits').waitFor()
    await see('device-wrong')
    await page.goto(device.verification_uri_complete ?? '')
    await see('device-link')
    await page.getByLabel('My terminal shows exactly this code').check()
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    await see('consent')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Nobody was signed in').waitFor()
    await see('refused')
    await page.goto(`${norrix.prod.url}/device/approved`)
    await see('approved')
    const [code, state] = ['c'.repeat(43), 's'.repeat(43)]
    await page.goto(`${norrix.prod.url}/sign-in/code?code=${code}&state=${state}`)
    await page.getByLabel('Answer for the terminal').waitFor()
    await see('paste')
    await own.context.close()
  })
})
