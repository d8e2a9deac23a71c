/** Which command lines a server works with. Pure; the rule's reasons are in docs/decisions. */

/** Versions `from` this one on and `below` that one. */
export interface VersionRange {
  readonly from: string
  readonly below: string
}

export type Fit = 'fits' | 'too_old' | 'too_new'

/**
 * The command lines that a server of this version serves: those of its major version; before 1.0 those of its minor version
 * and of the one before and after.
 *
 * @param version semver 2.0.0, such as `0.3.1`
 */
export function servedBy(version: string): VersionRange {
  const [major, minor] = partsOf(version)
  if (major > 0) return { from: `${major}.0.0`, below: `${major + 1}.0.0` }
  return { from: `0.${Math.max(0, minor - 1)}.0`, below: `0.${minor + 2}.0` }
}

/** Whether a command line of this version is served. A pre-release counts as what it precedes. */
export function fitOf(version: string, { from, below }: VersionRange): Fit {
  if (compareVersions(version, from) < 0) return 'too_old'
  return compareVersions(version, below) < 0 ? 'fits' : 'too_new'
}

/** Below zero where `a` is older, zero where only their pre-releases differ. */
export function compareVersions(a: string, b: string): number {
  const other = partsOf(b)
  const difference = partsOf(a).map((part, index) => part - (other[index] ?? 0))
  return difference.find((one) => one !== 0) ?? 0
}

/** The version that a command line gives in its `User-Agent`; undefined for whatever else asks. */
export function versionOfAgent(agent: string): string | undefined {
  return /^norrix\/(\d{1,6}\.\d{1,6}\.\d{1,6})(?![\d.])/.exec(agent)?.[1]
}

function partsOf(version: string): [major: number, minor: number, patch: number] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []
  return [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)]
}
