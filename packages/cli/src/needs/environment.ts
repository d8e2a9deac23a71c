import type { EnvironmentKind } from '@norrix/contract/api-key-format.policy'
import { Fault } from '@norrix/contract/fault'
import { environmentFlag, isName, nameRule } from '../home/names.ts'
import type { KnownEnvironment, Settings, SettingsFile } from '../home/settings.ts'
import type { Surroundings } from '../io/terminal.ts'
import { textOption, type Call } from './call.ts'
import { readProfile } from './profile.ts'

/** The service a command talks to. */
export interface Environment {
  /** `prod`, `dev`, or a name that the user gave. */
  readonly name: string
  /** What chose it: `default`, `--dev`, `--env` or `NORRIX_ENV`. */
  readonly because: string
  /** Undefined for a name of the user's own that no sign-in has met yet. */
  readonly kind: EnvironmentKind | undefined
  /** Where its server is and who said so; undefined when nobody has. */
  readonly server:
    | { readonly origin: string; readonly because: 'NORRIX_API_URL' | 'sign-in' }
    | undefined
  readonly known: KnownEnvironment | undefined
  /** How another command is told to use it, and this profile, with a space before; empty for the defaults. */
  readonly flag: string
}

/**
 * Order: flag, NORRIX_ENV, prod (product ruling 13).
 *
 * @throws Fault usage for two flags that differ, a name that cannot be one, or an address that is none
 */
export async function resolveEnvironment(
  call: Call,
  around: Pick<Surroundings, 'env'>,
  settings: Pick<SettingsFile, 'read'>,
): Promise<Environment> {
  const { name, because } = chooseName(call, around.env)
  const fromEnv = around.env['NORRIX_API_URL']?.trim()
  const known = environmentIn(await settings.read(), name)
  const server = fromEnv
    ? { origin: readOrigin(fromEnv, 'NORRIX_API_URL'), because: 'NORRIX_API_URL' as const }
    : known && { origin: new URL(known.url).origin, because: 'sign-in' as const }
  return {
    name,
    because,
    kind: name === 'prod' || name === 'dev' ? name : known?.kind,
    server,
    known,
    flag: `${environmentFlag(name)}${readProfile(call, around.env).flag}`,
  }
}

/**
 * Reads an address that a credential may go to: https, or http on this machine.
 *
 * @param from where it was written, for the message
 * @throws Fault usage
 */
export function readOrigin(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (!url || !isWeb || url.username !== '' || url.password !== '') {
    throw usage(
      `${from} is not the address of a server: ${text.slice(0, 200)}`,
      'give it as https://norrix.example.com',
    )
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw usage(
      `${from} is http://, where everybody on the way reads the credential.`,
      `use https://${url.host}; plain http is for this machine alone`,
    )
  }
  return url.origin
}

/** This machine by name or by one of its own addresses. */
export function isLoopback(url: URL): boolean {
  return (
    url.hostname === 'localhost' ||
    url.hostname === '[::1]' ||
    /^127(?:\.\d+){3}$/.test(url.hostname)
  )
}

function chooseName(call: Call, env: Surroundings['env']): { name: string; because: string } {
  const typed = textOption(call, 'env')
  if (call.options['dev'] === true && typed !== undefined && typed !== 'dev') {
    throw usage(
      `--dev and --env ${typed.slice(0, 40)} name two environments.`,
      'leave one of them out',
    )
  }
  if (call.options['dev'] === true) return { name: 'dev', because: '--dev' }
  if (typed !== undefined) return { name: checkName(typed, '--env'), because: '--env' }
  const fromEnv = env['NORRIX_ENV']?.trim()
  if (fromEnv) return { name: checkName(fromEnv, 'NORRIX_ENV'), because: 'NORRIX_ENV' }
  return { name: 'prod', because: 'default' }
}

/**
 * @param from where it was written, for the message
 * @throws Fault usage
 */
export function checkName(name: string, from: string): string {
  if (isName(name)) return name
  throw usage(
    `${from} is not a name of an environment: ${name.slice(0, 40)}`,
    `use prod, dev, or ${nameRule}`,
  )
}

function environmentIn({ environments }: Settings, name: string): KnownEnvironment | undefined {
  return Object.hasOwn(environments, name) ? environments[name] : undefined
}

function usage(message: string, fix: string): Fault {
  return new Fault('usage', { message, fix })
}
