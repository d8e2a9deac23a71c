/** Takes one event of the runner, for people and for the server beside it. Never a secret. */
export type RunnerLog = (event: string, fields?: Readonly<Record<string, unknown>>) => void
