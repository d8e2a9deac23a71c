import type { Page } from 'playwright-core'
import type { Scope } from '@norrix/contract/access.policy'

/** What a person does in a browser, by role and label as they see it. Tests and the demo share it. */
export interface Who {
  readonly email: string
  readonly password: string
  readonly orgName: string
}

/** Takes a fresh server by its claim link; ends in the dashboard. */
export async function claimIn(page: Page, link: string, who: Who): Promise<void> {
  const answer = await page.goto(link)
  const organization = page.getByLabel('Organization')
  await organization.fill(who.orgName).catch(async (cause: unknown) => {
    const said = await answer?.text().catch(String)
    throw new Error(`The claim page answered ${answer?.status()} and: ${said}`, { cause })
  })
  await page.getByLabel('E-mail').fill(who.email)
  await page.getByLabel('Password').fill(who.password)
  await page.getByRole('button', { name: 'Claim this server' }).click()
  await page.getByRole('button', { name: who.orgName }).first().waitFor()
}

/** Opens the address that `norrix sign-in` printed, signs in where asked, and says yes on the page that asks. */
export async function approveSignIn(page: Page, url: string, who?: Who): Promise<void> {
  await page.goto(url)
  const yes = page.getByRole('button', { name: 'Sign in', exact: true })
  await yes.waitFor()
  if (await page.getByLabel('Password').isVisible()) {
    if (!who) throw new Error('The page asks for a password, and none was given.')
    await page.getByLabel('E-mail').fill(who.email)
    await page.getByLabel('Password').fill(who.password)
    await yes.click()
    await page.getByRole('heading', { name: /^Sign in the Norrix CLI on / }).waitFor()
  }
  await yes.click()
  await page.waitForURL((at) => at.pathname === '/signed-in')
}

/** Dashboard → Settings → API Keys → Create API Key. Gives the key as it is shown, once. */
export async function createKeyIn(
  page: Page,
  origin: string,
  key: { readonly name: string; readonly scopes: readonly Scope[] },
): Promise<string> {
  await page.goto(`${origin}/settings/api-keys`)
  await page.getByRole('button', { name: 'Create API Key' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill(key.name)
  for (const scope of key.scopes) await dialog.getByRole('checkbox', { name: scope }).check()
  await dialog.getByRole('button', { name: 'Create API Key' }).click()
  const shown = dialog.getByText(/^nrx_[A-Za-z0-9]{48}$/).first()
  await shown.waitFor()
  return (await shown.innerText()).trim()
}

/** Leaves the dialog that shows a key, by its Copy and Done. */
export async function leaveKeyDialog(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Copy key' }).click()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.waitFor({ state: 'detached' })
}

/** Revokes a key in the list by its name; resolves when the server has answered. */
export async function revokeKeyIn(page: Page, origin: string, name: string): Promise<void> {
  await page.goto(`${origin}/settings/api-keys`)
  const row = page.getByRole('row').filter({ hasText: name })
  await row.getByRole('button', { name: /Revoke/ }).click()
  const answered = page.waitForResponse((answer) => answer.url().endsWith('/revoke'))
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke key' }).click()
  await answered
}
