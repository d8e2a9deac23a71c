import { readKey } from '@norrix/contract/api-key-format.policy'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

/** A structured log: one JSON object a line, so that no text in it can forge a second line. */
export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
  /** A log that adds `fields` to each line. */
  with(fields: LogFields): Log
}

/**
 * @param write takes one whole line, newline included
 */
export function createLog(
  write: (line: string) => void,
  options: { readonly level?: LogLevel; readonly now?: () => number } = {},
): Log {
  const now = options.now ?? Date.now
  const least = levels.indexOf(options.level ?? 'info')
  const make = (context: LogFields): Log => {
    const at =
      (level: LogLevel) =>
      (event: string, fields: LogFields = {}) => {
        if (levels.indexOf(level) < least) return
        const line = { at: new Date(now()).toISOString(), level, event, ...context, ...fields }
        write(`${JSON.stringify(redact(line))}\n`)
      }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => make({ ...context, ...fields }),
    }
  }
  return make({})
}

/**
 * Hands lines on together, once for each turn of the event loop: under load a write costs more than the line it writes. What is
 * left when the process ends is written then; a process that is killed may lose the lines of its last turn.
 */
export function inTurns(write: (lines: string) => void): (line: string) => void {
  let lines = ''
  const flush = (): void => {
    if (lines !== '') write(lines)
    lines = ''
  }
  process.once('exit', flush)
  return (line) => {
    if (lines === '') setImmediate(flush)
    lines += line
  }
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

const secretNames =
  /^(authorization|cookie|set-cookie|password|secret|token|access_?token|refresh_?token|id_?token|code|code_?verifier|client_?secret|pepper|private_?key|dpop|user_?code|device_?code)$/i

/** Takes secrets out of anything that is to be written down: by field name, and by form inside any text. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (value instanceof Error) return redactError(value, depth)
  if (value === null || typeof value !== 'object') return value
  if (depth > 6) return '[deep]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      secretNames.test(name) ? '[redacted]' : redact(item, depth + 1),
    ]),
  )
}

function redactError(error: Error, depth: number): unknown {
  return {
    name: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  }
}

/** Some part of each form below: nearly every text is free of them all, and one look is a fifth of five. */
const mayHoldSecret = /nr[xrlc]_|eyJ|bearer|dpop|[?&#]/i

/** API keys, runner and lease tokens, JWTs, bearer headers, and secrets in an address's query. */
export function redactText(text: string): string {
  if (!mayHoldSecret.test(text)) return text
  return text
    .replace(/\bnrx_[A-Za-z0-9+/_=-]{8,}/g, (key) =>
      readKey(key).kind === 'well-formed' ? `${key.slice(0, 12)}…` : 'nrx_[redacted]',
    )
    .replace(/\bnr[rlc]_[A-Za-z0-9_-]{8,}/g, (token) => `${token.slice(0, 4)}[redacted]`)
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[jwt]')
    .replace(/\b(Bearer|DPoP)\s+[\w.~+/=-]{8,}/gi, '$1 [redacted]')
    .replace(
      /([?&#](?:code|state|token|access_token|refresh_token|id_token|code_verifier|client_secret|nonce|user_code)=)[^&\s"']+/gi,
      '$1[redacted]',
    )
}
