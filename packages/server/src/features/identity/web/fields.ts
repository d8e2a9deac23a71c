import { givenName } from '@norrix/contract/basic.shapes'

/** What people type into our forms, and what is wrong with it. */

export type FieldName = 'name' | 'email' | 'password' | 'orgName' | 'code' | 'matches' | 'form'
/** One sentence for each field that has to be mended; `form` speaks of all of it. */
export type FieldErrors = Partial<Record<FieldName, string>>

export interface AccountFields {
  readonly name: string | null
  readonly email: string
  readonly password: string
}

export const passwordLengthMin = 12
/** Longer than anyone types; it only bounds the work of hashing. */
const passwordLengthMax = 256

/** Name, e-mail and password of a new local account. */
export function readAccountFields(form: URLSearchParams): {
  fields: AccountFields
  errors: FieldErrors
} {
  const name = form.get('name')?.trim() ?? ''
  const email = form.get('email')?.trim() ?? ''
  const password = form.get('password') ?? ''
  const errors: FieldErrors = {}
  if (name !== '' && !givenName.safeParse(name).success) {
    errors.name = 'Use at most 64 characters, without control characters.'
  }
  if (!isEmail(email)) errors.email = 'Enter an e-mail address, such as ana@example.com.'
  const weakness = weaknessOf(password, email)
  if (weakness !== undefined) errors.password = weakness
  return { fields: { name: name === '' ? null : name, email, password }, errors }
}

export function readOrgName(form: URLSearchParams): { orgName: string; error: string | undefined } {
  const text = form.get('orgName') ?? ''
  const parsed = givenName.safeParse(text)
  if (parsed.success) return { orgName: parsed.data, error: undefined }
  const error =
    text.trim() === ''
      ? 'Give the organization a name.'
      : 'Use at most 64 characters, without control characters.'
  return { orgName: text.trim(), error }
}

/** Only what no address can be without; whether mail arrives is not known from its form. */
function isEmail(text: string): boolean {
  return (
    text.length <= 254 &&
    /^[^\s@\p{Cc}\u202a-\u202e\u2066-\u2069]+@[^\s@\p{Cc}\u202a-\u202e\u2066-\u2069]+$/u.test(text)
  )
}

/** Length is what counts (NIST SP 800-63B 5.1.1.2); composition rules are left out on purpose. */
export function weaknessOf(password: string, email: string): string | undefined {
  const length = Array.from(password).length
  if (length < passwordLengthMin) return `Use at least ${passwordLengthMin} characters.`
  if (length > passwordLengthMax) return `Use at most ${passwordLengthMax} characters.`
  if (password.toLowerCase() === email.toLowerCase()) return 'Do not use the e-mail address.'
  if (new Set(password).size < 4) return 'Use more than three different characters.'
  return undefined
}

/** A device's own name for itself, as far as it may be shown; it comes from the command line and proves nothing. */
export function readDevice(text: unknown): string {
  const parsed = givenName.safeParse(text)
  return parsed.success ? parsed.data : 'unnamed device'
}

/** The operating system that a device says it has; any other word is left out. */
export function readSystem(text: unknown): string | undefined {
  return typeof text === 'string' && deviceSystems.includes(text) ? text : undefined
}

const deviceSystems: readonly string[] = ['Linux', 'macOS', 'Windows']

/** A browser in a few words, for the list of sessions. */
export function describeBrowser(agent: string): string {
  const find = (table: readonly (readonly [RegExp, string])[], otherwise: string) =>
    table.find(([pattern]) => pattern.test(agent))?.[1] ?? otherwise
  return `${find(browsers, 'Browser')} on ${find(systems, 'unknown system')}`
}

/** The order matters: Edge and Opera call themselves Chrome, Chrome calls itself Safari. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdg/, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(?:Headless)?Chrome\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone|\biPad/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]
