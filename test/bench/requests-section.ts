import { figure, judged, median, spread, type Section } from './section.ts'

/** A server to put under load. */
export interface Target {
  readonly name: string
  readonly url: string
  readonly pid: number
  /** Sent in turn. */
  readonly credentials: readonly string[]
  /** Processor time of the engine beside the server until now. */
  readonly databaseMs: () => number
  /** The name of the row that answers the same and does nothing for it; none for such a row itself. */
  readonly floor?: string
  /** The least share of the floor that is aimed at. */
  readonly aim?: number
}

/** What is measured on one server under load. */
export interface Sample {
  readonly perSecond: number
  /** Processor time of the server for one request. */
  readonly serverMicros: number
  readonly databaseMicros: number
  readonly p99Ms: number
  readonly residentMb: number
}

export function requestsSection(
  targets: readonly Pick<Target, 'name' | 'floor' | 'aim'>[],
  samples: readonly (readonly Sample[])[],
  counts: string,
): Section {
  const middle = (index: number, field: keyof Sample): number =>
    median((samples[index] ?? []).map((sample) => sample[field]))
  const floorOf = (index: number): number =>
    targets.findIndex(({ name }) => name === targets[index]?.floor)
  return {
    counts,
    header: [
      '',
      'requests/s',
      'server CPU µs/request',
      'share of the floor',
      'database CPU µs/request',
      'p99 ms',
      'RSS MB',
      'aim',
    ],
    rows: targets.map(({ name, floor, aim }, index) => {
      const all = samples[index] ?? []
      const share =
        floor === undefined
          ? 1
          : middle(floorOf(index), 'serverMicros') / middle(index, 'serverMicros')
      return [
        name,
        spread(all.map(({ perSecond }) => perSecond)),
        spread(all.map(({ serverMicros }) => serverMicros)),
        figure(share, 2),
        figure(middle(index, 'databaseMicros')),
        figure(middle(index, 'p99Ms')),
        figure(middle(index, 'residentMb')),
        aim === undefined ? '' : judged(share, { atLeast: aim }),
      ]
    }),
  }
}
