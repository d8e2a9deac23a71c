// A real browser for tests and for the demo: the one that npm brought, else one of the machine's own.
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { bundledBrowser } from './browser/bundled.ts'

/** Where a browser lies and what it needs to start. */
export type Installation = {
  executablePath: string
  args: readonly string[]
  /** Added to the environment of the browser alone. */
  env: Readonly<Record<string, string>>
}

const machinePaths: readonly string[] = [
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

// The browser opens pages of a Norrix on this machine and nothing else; what it would fetch for itself
// (updates, field trials, safe browsing lists) would only make tests depend on the network.
const quiet = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-first-run',
  '--no-pings',
  '--no-proxy-server',
]

// Its own sandbox needs root's absence and user namespaces, and neither is given in a container.
const everywhere = ['--no-sandbox', ...quiet]

/**
 * Starts a headless Chromium: the one `NORRIX_TEST_BROWSER` names, else the one from npm (Linux on x64 only), else the
 * first of the machine's own that starts. The one from npm comes first because the lock file pins it, and because it is the
 * headless shell: a full Chromium takes three times the processor time for the same pages (3,700 against 1,200 ticks for
 * ten pages, measured in turn on two cores). The caller closes it.
 * Fails with one sentence for each one tried where none starts.
 */
export async function launchBrowser(
  fromNpm = bundledBrowser,
  onThisMachine = machinePaths,
): Promise<Browser> {
  const failures: string[] = []
  for (const find of candidates(process.env['NORRIX_TEST_BROWSER'], fromNpm, onThisMachine)) {
    try {
      return await launch(await find())
    } catch (error) {
      failures.push(firstLine(error))
    }
  }
  throw new Error(
    `No browser starts here: ${failures.join(' ')} Fix: install Chromium (Debian: apt-get install chromium) or name one in NORRIX_TEST_BROWSER.`,
  )
}

/** Starts exactly this installation; `launchBrowser` chooses one. */
export async function launch({ executablePath, args, env }: Installation): Promise<Browser> {
  try {
    return await chromium.launch({
      executablePath,
      args: [...args],
      env: { ...definedVariables(), ...env },
      timeout: 30_000,
    })
  } catch (error) {
    throw new Error(`${executablePath} does not start (${reason(error)}).`, { cause: error })
  }
}

/** In the order in which they are tried. A browser asked for by name is the only one tried. */
function candidates(
  named: string | undefined,
  fromNpm: typeof bundledBrowser,
  paths: readonly string[],
): (() => Installation | Promise<Installation>)[] {
  if (named !== undefined && named !== '') return [() => onMachine(named)]
  const pinned = async (): Promise<Installation> => ({
    ...(await fromNpm()),
    args: ['--headless=shell', ...everywhere],
  })
  const present = paths.filter((path) => existsSync(path))
  return [pinned, ...present.map((path) => () => onMachine(path))]
}

function onMachine(executablePath: string): Installation {
  return { executablePath, args: everywhere, env: {} }
}

function definedVariables(): Record<string, string> {
  const pairs = Object.entries(process.env)
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** The browser's own words where it said any: a missing library, a missing display, a refused right. */
function reason(error: unknown): string {
  const said = /\[err\] (.*(?:error|cannot|No such|denied|failed).*)/i.exec(String(error))
  return said?.[1] ?? firstLine(error)
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}
