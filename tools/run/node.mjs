// Finds the Node that runs Norrix: the one from package-lock.json, else the one already running.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

// 24.12 is the first release in which running TypeScript by stripping its types is stable.
const oldest = [24, 12]

/**
 * Gives `{ path }` of a Node of at least 24.12, or `{ failure }` in one sentence with the remedy.
 * The pinned binary is taken by its path: npm 10 links no `.bin/node` when several are optional.
 */
export function pinnedNode(root) {
  const name = `node-${process.platform}-${process.arch}`
  const binary = process.platform === 'win32' ? 'node.exe' : 'node'
  const pinned = join(root, 'node_modules', name, 'bin', binary)
  const pinnedVersion = existsSync(pinned) ? versionOf(pinned) : undefined
  if (newEnough(pinnedVersion)) return { path: pinned }
  if (newEnough(process.version)) return { path: process.execPath }
  const why =
    pinnedVersion === undefined
      ? `no Node of its own for ${process.platform}-${process.arch} runs here`
      : `its own is ${pinnedVersion}`
  return {
    failure: `Norrix needs Node ${oldest.join('.')} or later: ${why} and yours is ${process.version}. Fix: install Node 24 from https://nodejs.org, then run this again.`,
  }
}

/** What the binary says of itself, or nothing where it does not run here (another libc, no right to). */
function versionOf(path) {
  const { status, stdout } = spawnSync(path, ['-v'], { encoding: 'utf8', timeout: 10_000 })
  return status === 0 ? stdout.trim() : undefined
}

function newEnough(version) {
  const match = /^v(\d+)\.(\d+)\./.exec(version ?? '')
  if (match === null) return false
  const [major, minor] = [Number(match[1]), Number(match[2])]
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}
