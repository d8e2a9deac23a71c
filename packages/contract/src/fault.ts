/**
 * Everything that can go wrong, by name. One table for server, CLI and runner: the HTTP status it travels
 * with and the exit code a command ends with (product ruling 9).
 */

interface FaultKind {
  /** HTTP status. */
  readonly status: number
  /** Exit code of the CLI. */
  readonly exit: number
  /** What it means, for the reference. */
  readonly means: string
}

export const faultTable = {
  // The request
  bad_request: { status: 400, exit: 2, means: 'The input does not have the expected form.' },
  unsupported_media: {
    status: 415,
    exit: 2,
    means: 'The body is not of the type the operation reads.',
  },
  too_large: { status: 413, exit: 1, means: 'The body is larger than the server takes.' },
  key_in_url: {
    status: 400,
    exit: 2,
    means: 'An API key was put into the address, where logs keep it.',
  },
  // Who is asking
  unauthenticated: { status: 401, exit: 4, means: 'The request carries no credential.' },
  session_ended: {
    status: 401,
    exit: 4,
    means: 'The session is over: signed out, expired or unknown.',
  },
  proof_invalid: {
    status: 401,
    exit: 4,
    means: "A session's token came without a good proof of its key.",
  },
  key_invalid: { status: 401, exit: 4, means: 'The API key is not known here.' },
  key_revoked: { status: 401, exit: 4, means: 'The API key was revoked.' },
  key_expired: { status: 401, exit: 4, means: 'The API key has expired.' },
  wrong_environment: {
    status: 401,
    exit: 4,
    means: 'The credential belongs to the other environment.',
  },
  runner_unknown: { status: 401, exit: 4, means: 'The runner token is unknown or was removed.' },
  client_too_old: {
    status: 426,
    exit: 1,
    means: 'The command line is older than the server serves.',
  },
  // What they may do
  role_missing: { status: 403, exit: 5, means: 'The role in the organization is too small.' },
  scope_missing: { status: 403, exit: 5, means: 'The API key lacks the scope.' },
  key_not_allowed: {
    status: 403,
    exit: 5,
    means: 'No API key may do this; it takes a signed-in person.',
  },
  org_mismatch: { status: 403, exit: 5, means: 'The API key belongs to another organization.' },
  wrong_credential: {
    status: 403,
    exit: 5,
    means: 'This kind of credential is not for this operation.',
  },
  origin_refused: {
    status: 403,
    exit: 5,
    means: 'The request comes from a page of another origin.',
  },
  no_account: {
    status: 403,
    exit: 5,
    means: 'The identity is fine but has no account on this server.',
  },
  // What is asked for
  not_found: { status: 404, exit: 1, means: 'There is no such thing, or it is not yours.' },
  method_not_allowed: { status: 405, exit: 2, means: 'The path exists, the method does not.' },
  unknown_operation: {
    status: 404,
    exit: 7,
    means: 'The server has no such operation; it may be older than what asks.',
  },
  conflict: { status: 409, exit: 1, means: 'The thing is not in a state that allows this.' },
  no_runner: { status: 409, exit: 1, means: 'No runner for this platform was ever started.' },
  lease_lost: {
    status: 409,
    exit: 1,
    means: 'The lease is over; another runner may have the build.',
  },
  claim_closed: { status: 410, exit: 1, means: 'The claim link is used, replaced or too old.' },
  checksum_mismatch: {
    status: 422,
    exit: 1,
    means: 'The bytes that arrived are not those announced.',
  },
  // The server
  rate_limited: {
    status: 429,
    exit: 6,
    means: 'Too many requests; wait as long as the answer says.',
  },
  internal: { status: 500, exit: 7, means: 'The server failed; its log has the request id.' },
  upstream_failed: {
    status: 502,
    exit: 7,
    means: 'The identity provider did not answer as it should.',
  },
  unavailable: { status: 503, exit: 7, means: 'The server cannot answer right now.' },
  // The command line
  usage: { status: 400, exit: 2, means: 'The command was typed in a way it does not have.' },
  no_server: { status: 503, exit: 7, means: 'No server is set up for the environment.' },
  network: { status: 503, exit: 7, means: 'The server could not be reached.' },
  not_norrix: { status: 502, exit: 7, means: 'What answered is not a Norrix server.' },
  not_signed_in: { status: 401, exit: 4, means: 'No session for the environment on this machine.' },
  sign_in_denied: { status: 403, exit: 4, means: 'The sign-in was refused in the browser.' },
  sign_in_timeout: { status: 408, exit: 4, means: 'Nobody finished the sign-in in time.' },
  no_terminal: {
    status: 400,
    exit: 4,
    means: 'It takes a person at a terminal, and there is none.',
  },
  port_taken: { status: 409, exit: 1, means: 'The port is in use.' },
  org_required: { status: 400, exit: 2, means: 'Several organizations, and none was chosen.' },
  home_unwritable: {
    status: 500,
    exit: 1,
    means: 'The folder for sessions and settings cannot be used.',
  },
  home_corrupt: {
    status: 500,
    exit: 4,
    means: 'A file of the folder for sessions cannot be read.',
  },
  session_foreign: {
    status: 401,
    exit: 4,
    means: 'The session on this machine was encrypted with another key, or for another place.',
  },
  keyring_unavailable: {
    status: 503,
    exit: 4,
    means: "The machine's keyring, which holds the key of the sessions, does not answer.",
  },
  no_project: { status: 400, exit: 1, means: 'There is no Norrix project here.' },
  config_invalid: { status: 400, exit: 1, means: "The project's configuration file is not right." },
  config_failed: {
    status: 400,
    exit: 1,
    means: "The project's configuration file failed or hung.",
  },
  project_empty: { status: 400, exit: 1, means: 'There is nothing to pack.' },
  project_too_large: { status: 413, exit: 1, means: 'The packed project is larger than allowed.' },
  file_exists: { status: 409, exit: 1, means: 'A file is in the way and would be overwritten.' },
  // Builds and runners
  build_failed: { status: 409, exit: 1, means: 'The build command failed.' },
  build_cancelled: { status: 409, exit: 1, means: 'The build was cancelled.' },
  build_timed_out: { status: 409, exit: 1, means: 'The build took longer than it may.' },
  still_running: { status: 409, exit: 8, means: 'The wait ended before the build did.' },
  artifact_missing: { status: 409, exit: 1, means: 'An artifact pattern matched nothing.' },
  archive_refused: { status: 422, exit: 1, means: 'The uploaded archive is not safe to unpack.' },
  runner_lost: {
    status: 409,
    exit: 1,
    means: 'The runner vanished and the build ran out of attempts.',
  },
  isolation_missing: {
    status: 503,
    exit: 1,
    means: 'Builds cannot be kept apart on this machine.',
  },
  // Operators
  config_file: { status: 500, exit: 2, means: 'The server configuration is not right.' },
  data_in_use: { status: 500, exit: 1, means: 'Another server uses the data folder.' },
  data_unusable: { status: 500, exit: 1, means: 'The data folder cannot be used.' },
  backup_damaged: { status: 500, exit: 1, means: 'The backup is not whole, or not one.' },
  database_unusable: { status: 500, exit: 1, means: 'The database cannot be reached or used.' },
  secrets_differ: {
    status: 500,
    exit: 1,
    means: 'The secrets of this server are not those of its database.',
  },
  interrupted: { status: 499, exit: 130, means: 'Stopped by the person at the terminal.' },
} as const satisfies Record<string, FaultKind>

export type FaultCode = keyof typeof faultTable

export interface FaultOptions {
  /** One sentence: what happened. It reaches the user. */
  readonly message: string
  /** What to do next, without a full stop. It reaches the user. */
  readonly fix?: string | undefined
  /** More that the user may know, such as the fields that are wrong. */
  readonly details?: Readonly<Record<string, unknown>> | undefined
  /** The server's name for the request, on a fault that came from there. */
  readonly requestId?: string | undefined
  /** For the log only. */
  readonly cause?: unknown
}

/** A named fault. Everything in it but `cause` may be shown to whoever asked. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly fix: string | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined
  readonly requestId: string | undefined

  constructor(code: FaultCode, options: FaultOptions) {
    super(options.message, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.fix = options.fix
    this.details = options.details
    this.requestId = options.requestId
  }
}

/** How a fault travels (product ruling 20): the body of every answer that is not a success. */
export interface FaultBody {
  /** The status in words, such as `Unauthorized`. */
  readonly error: string
  readonly message: string
  readonly code: FaultCode
  readonly requestId: string
  readonly fix?: string
  readonly details?: Readonly<Record<string, unknown>>
}

export function isFaultCode(text: unknown): text is FaultCode {
  return typeof text === 'string' && Object.hasOwn(faultTable, text)
}
