import { literally } from './expect-fault.ts'

/**
 * Makes real output of the command line comparable: what differs from run to run is replaced by what docs/cli-style.md shows
 * in its place, at the same width where a column follows. Nothing else of the text is touched: words, marks, order, line
 * breaks and columns are compared as they were printed.
 *
 * - ids: `org_8fK2mQ`, `key_5tYw1p`, `build_6Hq2vT`, `req_01JD`; an address of a build ends in its id
 * - origins of servers on this machine: `https://norrix.example.com`, dev `https://dev.norrix.example.com`
 * - the start of a key: `nrx_Ks7dF2xW…`
 * - dates of today, and of the end of a session: `3 Nov`, `22 Feb 2027`
 * - lengths of time and countdowns: `0.3 s`, `12 days ago`, `4:58`
 * - sizes and SHA-256 of what was packed or made: `1.8 MB`, `sha256 9f2c…e1`
 * - the name of this machine: `ana-laptop`
 */
export function normalised(text: string, places: Places): string {
  const steps: readonly (readonly [RegExp | string, string])[] = [
    [/(?<=https?:\/\/\S+\/authorize\?)\S+/g, '…'],
    [places.prod, 'https://norrix.example.com'],
    [places.dev, 'https://dev.norrix.example.com'],
    [/\/b\/[0-9A-Za-z]+/g, '/b/6Hq2vT'],
    [/\borg_[0-9A-Za-z]{10}/g, 'org_8fK2mQ'],
    [/\bkey_[0-9A-Za-z]{10}/g, 'key_5tYw1p'],
    [/\bbuild_[0-9A-Za-z]{10}/g, 'build_6Hq2vT'],
    [/\breq_[0-9A-Za-z]+/g, 'req_01JD'],
    [/\bnrx_[0-9A-Za-z]{8}…/g, 'nrx_Ks7dF2xW…'],
    [places.device, 'ana-laptop'],
    [/\b\d{1,2} [A-Z][a-z]{2} \d{4}\b/g, '22 Feb 2027'],
    [/\b\d{1,2} [A-Z][a-z]{2}\b(?! \d{4})/g, '3 Nov'],
    [/\b\d+\.\d s\b/g, '0.3 s'],
    [/\bjust now\b|\b\d+ min ago\b/g, '12 days ago'],
    [/\b[45]:\d\d\b/g, '4:58'],
    [/\b\d+(\.\d)? (bytes|kB|MB)\b/g, '1.8 MB'],
    [/\bsha256 [0-9a-f]{4}…[0-9a-f]{2}\b/g, 'sha256 9f2c…e1'],
  ]
  return steps.reduce((rest, [from, to]) => replaceInPlace(rest, from, to), text)
}

/** Two spaces or more begin a column: it stays where it is, whatever stands before it now. */
function replaceInPlace(text: string, from: RegExp | string, to: string): string {
  const source = typeof from === 'string' ? literally(from) : from.source
  return text.replaceAll(new RegExp(`(${source})( {2,})?`, 'g'), (_, was: string, ...rest) => {
    const gap: unknown = rest.findLast(
      (group) => typeof group === 'string' && /^ {2,}$/.test(group),
    )
    if (typeof gap !== 'string') return to
    return to + ' '.repeat(Math.max(2, gap.length + was.length - to.length))
  })
}

export interface Places {
  readonly prod: string
  readonly dev: string
  /** As sessions are named after this machine. */
  readonly device: string
}
