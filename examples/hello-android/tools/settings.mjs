// The command line and the environment, read once, checked, and turned into one plain object.
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { usageFault } from './fault.mjs'

export const usage = `Builds app/ into a signed Android app.

  node build.mjs [--build-type debug|release] [--out FILE]
                 [--version-code N] [--version-name S]
                 [--toolchain sdk|small] [--aapt2-dir DIR]...
                 [--key PEM --cert PEM]

  --build-type    default NORRIX_BUILD_TYPE, else release
  --out           default build/app-<build type>.apk
  --version-code  default NORRIX_BUILD_NUMBER, else 1
  --version-name  default NORRIX_VERSION, else 1.0.0
  --toolchain     sdk: the Android SDK in ANDROID_HOME; small: aapt2 and tools/
                  default: the SDK where it is complete, else small
  --aapt2-dir     a folder to look for aapt2 in, before all others
  --key, --cert   default key.pem and cert.pem in NORRIX_EXAMPLE_KEY_DIR, else
                  in build/; made when neither is there
`

const flags = {
  'build-type': { type: 'string' },
  out: { type: 'string' },
  'version-code': { type: 'string' },
  'version-name': { type: 'string' },
  toolchain: { type: 'string' },
  'aapt2-dir': { type: 'string', multiple: true, default: [] },
  key: { type: 'string' },
  cert: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
}

// Android keeps the version code in 31 bits; Google Play stops at this number.
const versionCodeMax = 2_100_000_000

/** Throws a BuildFault with exit code 2 for anything that is not understood. */
export function readSettings({ argv, env, root }) {
  const given = parseFlags(argv)
  if (given.help) return { help: true }
  const buildType = oneOf(
    '--build-type',
    given['build-type'] ?? setIn(env, 'NORRIX_BUILD_TYPE') ?? 'release',
    ['debug', 'release'],
  )
  return {
    help: false,
    root,
    app: join(root, 'app'),
    buildType,
    out: resolve(given.out ?? join(root, 'build', `app-${buildType}.apk`)),
    versionCode: versionCode(given['version-code'] ?? setIn(env, 'NORRIX_BUILD_NUMBER') ?? '1'),
    versionName: versionName(given['version-name'] ?? setIn(env, 'NORRIX_VERSION') ?? '1.0.0'),
    toolchain: given.toolchain && oneOf('--toolchain', given.toolchain, ['sdk', 'small']),
    aapt2Dirs: given['aapt2-dir'].map((dir) => resolve(dir)),
    aapt2: setIn(env, 'AAPT2'),
    androidHome: setIn(env, 'ANDROID_HOME') ?? setIn(env, 'ANDROID_SDK_ROOT'),
    searchPath: env.PATH ?? '',
    ...keyFiles(given, setIn(env, 'NORRIX_EXAMPLE_KEY_DIR') ?? join(root, 'build')),
    minSdk: 24,
    targetSdk: 35,
  }
}

function parseFlags(argv) {
  try {
    return parseArgs({ args: argv, options: flags, allowPositionals: false }).values
  } catch (cause) {
    throw usageFault(cause.message.split('. ')[0] + '.')
  }
}

// A CI that exports an empty variable means: not set.
function setIn(env, name) {
  return env[name] || undefined
}

function oneOf(flag, value, allowed) {
  if (!allowed.includes(value))
    throw usageFault(`${flag} is ${allowed.join(' or ')}, not "${value}".`)
  return value
}

function versionCode(text) {
  const code = Number(text)
  if (!/^\d+$/.test(text) || code < 1 || code > versionCodeMax) {
    throw usageFault(
      `The version code is a whole number from 1 to ${versionCodeMax}, not "${text}".`,
    )
  }
  return code
}

function versionName(text) {
  if (!/^[\w.+-]{1,64}$/.test(text)) {
    throw usageFault(
      `The version name is 1 to 64 letters, digits, dots, "+", "-" or "_", not "${text}".`,
    )
  }
  return text
}

function keyFiles({ key, cert }, dir) {
  if (Boolean(key) !== Boolean(cert))
    throw usageFault('--key and --cert go together: give both or neither.')
  return {
    keyFile: resolve(key ?? join(dir, 'key.pem')),
    certFile: resolve(cert ?? join(dir, 'cert.pem')),
  }
}
