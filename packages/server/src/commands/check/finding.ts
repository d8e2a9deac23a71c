/** One thing that was looked at, and what was found. */
export interface Finding {
  /** `wrong` keeps the server from doing its work; `warning` is for the operator to judge. */
  readonly verdict: 'fine' | 'warning' | 'wrong'
  readonly about: string
  readonly text: string
  /** What to do about it. */
  readonly fix?: string
}

export const fine = (about: string, text: string): Finding => ({ verdict: 'fine', about, text })

export const warning = (about: string, text: string, fix: string): Finding => ({
  verdict: 'warning',
  about,
  text,
  fix,
})

export const wrong = (about: string, text: string, fix: string): Finding => ({
  verdict: 'wrong',
  about,
  text,
  fix,
})

/** The reason in an error, on one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
