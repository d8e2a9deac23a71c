/**
 * Counters, gauges and histograms in the text form of Prometheus (exposition format 0.0.4). A library would bring more than it
 * saves: see the decision record.
 */
export interface Metrics {
  /** A number that only grows, one for each set of labels. */
  counter(name: string, help: string, labels?: readonly string[]): Counter
  /** Looks at something at each scrape. */
  gauge(name: string, help: string, read: () => Samples | Promise<Samples>): void
  histogram(name: string, help: string, options: HistogramOptions): Histogram
  /** Everything, as it is now. */
  text(): Promise<string>
}

export interface Counter {
  add(values?: readonly string[], by?: number): void
}

export interface Histogram {
  observe(values: readonly string[], value: number): void
}

export interface HistogramOptions {
  readonly labels: readonly string[]
  /** Upper bounds, rising. */
  readonly buckets: readonly number[]
}

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number]
export type Samples = readonly Sample[]

export function createMetrics(): Metrics {
  const families: (() => string | Promise<string>)[] = []
  return {
    counter(name, help, labels = []) {
      const counts = new Map<string, number>()
      if (labels.length === 0) counts.set('', 0)
      families.push(() =>
        family(
          name,
          'counter',
          help,
          [...counts].map(([key, count]) => line(name, key, count)),
        ),
      )
      return {
        add(values = [], by = 1) {
          const key = labelText(labels, values)
          counts.set(key, (counts.get(key) ?? 0) + by)
        },
      }
    },
    gauge(name, help, read) {
      families.push(async () => {
        const samples = await read()
        const lines = samples.map(([labels, value]) =>
          line(name, labelText(Object.keys(labels), Object.values(labels)), value),
        )
        return family(name, 'gauge', help, lines)
      })
    },
    histogram(name, help, { labels, buckets }) {
      const series = new Map<string, { readonly counts: number[]; sum: number }>()
      families.push(() => {
        const lines = [...series].flatMap(([key, each]) => histogramLines(name, key, buckets, each))
        return family(name, 'histogram', help, lines)
      })
      return {
        observe(values, value) {
          const key = labelText(labels, values)
          const found = series.get(key) ?? { counts: Array(buckets.length + 1).fill(0), sum: 0 }
          series.set(key, found)
          const at = buckets.findIndex((bound) => value <= bound)
          const index = at === -1 ? buckets.length : at
          found.counts[index] = (found.counts[index] ?? 0) + 1
          found.sum += value
        },
      }
    },
    async text() {
      const texts: string[] = []
      for (const each of families) texts.push(await each())
      return texts.join('')
    },
  }
}

function family(name: string, type: string, help: string, lines: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function histogramLines(
  name: string,
  key: string,
  buckets: readonly number[],
  { counts, sum }: { readonly counts: readonly number[]; readonly sum: number },
): string[] {
  let total = 0
  const bounded = [...buckets.map(String), '+Inf'].map((bound, index) => {
    total += counts[index] ?? 0
    const le = `le="${bound}"`
    return line(`${name}_bucket`, key === '' ? le : `${key},${le}`, total)
  })
  return [...bounded, line(`${name}_sum`, key, sum), line(`${name}_count`, key, total)]
}

function line(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`
}

function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, index) => `${name}="${escape(values[index] ?? '')}"`).join(',')
}

function escape(value: string): string {
  return value.replaceAll(/[\\"\n]/g, (sign) => (sign === '\n' ? '\\n' : `\\${sign}`))
}
