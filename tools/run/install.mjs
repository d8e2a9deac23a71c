// Brings node_modules into agreement with package-lock.json, and costs nothing where it already is.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

const stamp = 'node_modules/.norrix-lock'
const record = 'node_modules/.package-lock.json'

/**
 * Installs in `root` unless what is there is what package-lock.json names.
 * Gives `{}`, or `{ failure }` in one sentence with the remedy.
 *
 * `npm install --no-save` and a comparison afterwards, rather than `npm ci`: npm 11 refuses a lock file
 * that leaves out optional packages of foreign platforms, and npm 10 takes it and then installs none of
 * them on such a platform. This way every platform gets its own, and nothing is in another version or
 * has another content than the lock file says.
 */
export function installed(root) {
  const lock = read(root, 'package-lock.json')
  if (lock === undefined) {
    return { failure: 'package-lock.json is missing. Fix: git checkout package-lock.json' }
  }
  const hash = createHash('sha256').update(lock).digest('hex')
  if (read(root, stamp) === hash && read(root, record) !== undefined) return {}
  const wanted = JSON.parse(lock).packages
  if (!isComplete(wanted, recorded(root))) {
    process.stderr.write('Installing what package-lock.json names, once for this clone (npm)…\n')
    const failure = npmInstall(root)
    if (failure !== undefined) return { failure }
    const stranger = firstStranger(wanted, recorded(root))
    if (stranger !== undefined) {
      return {
        failure: `npm installed ${stranger}, which is not what package-lock.json names. Fix: git checkout package-lock.json '**/package.json', or if you changed the latter on purpose, npm install under Node 24.`,
      }
    }
  }
  remember(root, hash)
  return {}
}

/** What npm says it installed: its own lock file of node_modules, by path. */
function recorded(root) {
  const text = read(root, record)
  return text === undefined ? {} : JSON.parse(text).packages
}

/**
 * Whether every package of the lock file is there. Optional ones may be missing: they are meant for
 * other platforms, all but this one's Node.
 */
function isComplete(wanted, there) {
  return Object.entries(wanted).every(([path, one]) => {
    if (!isInstalled(path, one)) return true
    if (there[path] === undefined) return one.optional === true && !isOwnNode(path)
    return isSame(one, there[path])
  })
}

/**
 * The first package that was installed in another version or with another content than the lock file
 * says, or without being in it. Optional ones may be new: a platform's own that the lock file leaves out.
 */
function firstStranger(wanted, there) {
  const found = Object.entries(there).find(([path, one]) => {
    if (!isInstalled(path, one)) return false
    return wanted[path] === undefined ? one.optional !== true : !isSame(wanted[path], one)
  })
  return found && `${found[0].replace(/^.*node_modules\//, '')} ${found[1].version}`
}

function isInstalled(path, one) {
  return path.includes('node_modules/') && !one.link
}

function isSame(one, other) {
  return one.version === other.version && one.integrity === other.integrity
}

function isOwnNode(path) {
  return path === `node_modules/node-${process.platform}-${process.arch}`
}

function npmInstall(root) {
  // NODE_ENV=production or an `omit` in somebody's .npmrc would leave the tools out, and the silence
  // of `npm run --silent` would hide why an installation fails.
  const flags = ['--no-save', '--include=dev', '--include=optional', '--loglevel=error']
  const { command, before, shell } = npm()
  const { status, error } = spawnSync(command, [...before, 'install', ...flags], {
    cwd: root,
    shell,
    // Standard output belongs to the script that was asked for, so npm's talk goes to stderr.
    stdio: ['ignore', 2, 2],
  })
  if (error !== undefined) {
    return `npm could not be started (${error.message}). Fix: install npm, then run this again.`
  }
  if (status !== 0) {
    return 'npm install failed, as npm says above. Fix: mend that, then run this again.'
  }
  return undefined
}

/** The npm that runs this script, else the one in PATH: `before` are its first arguments. */
function npm() {
  const own = process.env.npm_execpath
  if (own !== undefined && basename(own) === 'npm-cli.js') {
    return { command: process.execPath, before: [own], shell: false }
  }
  return { command: 'npm', before: [], shell: process.platform === 'win32' }
}

/** A clone that this user may read but not write is simply compared anew each time. */
function remember(root, hash) {
  try {
    writeFileSync(join(root, stamp), hash)
  } catch (error) {
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error
  }
}

function read(root, path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}
