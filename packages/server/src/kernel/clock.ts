/** Milliseconds since 1970, UTC. Injected everywhere, so that a test can turn it. */
export type Clock = () => number

export const systemClock: Clock = () => Date.now()

/** How a moment travels: ISO 8601 in UTC with milliseconds. */
export const toTime = (at: number): string => new Date(at).toISOString()

/** Null stays null. */
export const toTimeOrNull = (at: number | null): string | null => (at === null ? null : toTime(at))
