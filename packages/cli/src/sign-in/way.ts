import { Fault } from '@norrix/contract/fault'
import { textOption, type Call } from '../needs/call.ts'

/**
 * How the answer comes back: to a listener of this machine, by a code that is typed in a browser anywhere, or carried to the
 * terminal by hand.
 */
export type Way = 'browser' | 'code' | 'hand'

export interface ChosenWay {
  readonly way: Way
  /** Ends the sentence "…, because …"; undefined for what everybody expects. */
  readonly because: string | undefined
  /** Somebody asked for it: nothing else is tried. */
  readonly isAsked: boolean
}

/** What is known of the machine. */
export interface Place {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: NodeJS.Platform
  /** A file says that this is a container. */
  readonly isContainer: boolean
}

/**
 * Chooses how to sign in: what was typed, else what works here. A browser on another machine cannot come back to this one, so
 * where there is none of this machine's own the code is taken (auth A1).
 *
 * @throws Fault usage for flags that exclude each other
 */
export function chooseWay(call: Call, place: Place): ChosenWay {
  const asked = askedWays(call)
  const [first, second] = asked
  if (first && second) {
    throw new Fault('usage', {
      message: `${first.flag} and ${second.flag} are two ways to sign in.`,
      fix: 'leave one of them out, or both',
    })
  }
  if (first) return { way: first.way, because: `of ${first.flag}`, isAsked: true }
  const because = whyNotHere(place)
  return { way: because === undefined ? 'browser' : 'code', because, isAsked: false }
}

function askedWays(call: Call): readonly { readonly flag: string; readonly way: Way }[] {
  const { browser, device } = call.options
  const all: readonly [boolean, string, Way][] = [
    [browser === true, '--browser', 'browser'],
    [device === true, '--device', 'code'],
    [browser === false, '--no-browser', 'hand'],
  ]
  const asked = all.flatMap(([isAsked, flag, way]) => (isAsked ? [{ flag, way }] : []))
  // A port for the way back is for nothing but a way back.
  const hasPort = textOption(call, 'callbackPort') !== undefined
  return hasPort && browser !== true
    ? [...asked, { flag: '--callback-port', way: 'browser' }]
    : asked
}

/** Why no browser of this machine could be opened and come back; undefined where one can. */
function whyNotHere({ env, platform, isContainer }: Place): string | undefined {
  const isSet = (name: string): boolean => Boolean(env[name]?.trim())
  if (['SSH_CONNECTION', 'SSH_TTY', 'SSH_CLIENT'].some(isSet)) return 'this is an SSH session'
  if (isSet('CODESPACES')) return 'this is a codespace'
  if (isSet('GITPOD_WORKSPACE_ID')) return 'this is a Gitpod workspace'
  if (isSet('REMOTE_CONTAINERS')) return 'this is a dev container'
  if (env['BROWSER']?.trim() === 'none') return 'BROWSER is none'
  // Whoever names a browser in a container has seen to it that it comes back.
  if (isSet('BROWSER')) return undefined
  // Flatpak calls its programs contained as well; those have the desktop before them.
  const isNamedOne = isSet('container') && env['container'] !== 'flatpak'
  if (isContainer || isNamedOne || isSet('KUBERNETES_SERVICE_HOST')) return 'this is a container'
  const hasDesktop =
    platform === 'darwin' ||
    platform === 'win32' ||
    ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME'].some(isSet)
  return hasDesktop ? undefined : 'there is no display here'
}
