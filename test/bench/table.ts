import type { Section } from './section.ts'

/** Measures one table. `isQuick`: a few rounds of each, to see that it runs. */
export type Table = (options: { readonly isQuick: boolean }) => Promise<Section>
