import type { Db } from '../../kernel/db/database.ts'
import { hashToken } from '../../kernel/secrets.ts'
import type { Tables } from '../../schema/index.ts'
import type { OidcStatesTable } from '../../schema/tables/accounts.ts'

/**
 * Short-lived state of sign-ins, under the digest of the secret that opens it (ruling 24). Whoever reads the table gets
 * nothing that a request could be made with: a row's own id is cut out of its text and put back only for a caller who
 * brings it.
 */
export type StatesDb = Db<Pick<Tables, 'oidc_states'>>

export type Payload = Readonly<Record<string, unknown>>

export interface StateKey {
  /** What kind of thing it is; ids of different models never meet. */
  readonly model: string
  readonly id: string
}

export interface NewState extends StateKey {
  readonly payload: Payload
  /** Milliseconds since 1970; null lives until it is removed. */
  readonly expiresAt: number | null
  readonly grantId?: string | undefined
  readonly uid?: string | undefined
  readonly userCode?: string | undefined
  /** Of the key that a token is bound to. */
  readonly keyThumbprint?: string | undefined
}

export interface FoundState {
  /** What the row is stored under: it names the row and opens nothing. */
  readonly idHash: string
  readonly payload: Payload
  readonly consumedAt: number | null
  readonly expiresAt: number | null
}

/** Writes a row, or replaces its text. Whether it is consumed stays as it was. */
export async function saveState(db: StatesDb, state: NewState): Promise<void> {
  const content = contentOf(state)
  await db
    .insertInto('oidc_states')
    .values({ ...keyOf(state), consumed_at: null, ...content })
    .onConflict((conflict) => conflict.columns(['model', 'id_hash']).doUpdateSet(content))
    .execute()
}

/** Writes a row unless there is one already; false then. One statement, so that of two at once one is told. */
export async function addState(db: StatesDb, state: NewState): Promise<boolean> {
  const result = await db
    .insertInto('oidc_states')
    .values({ ...keyOf(state), consumed_at: null, ...contentOf(state) })
    .onConflict((conflict) => conflict.columns(['model', 'id_hash']).doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0) > 0
}

export async function findState(
  db: StatesDb,
  { model, id }: StateKey,
  now: number,
): Promise<FoundState | undefined> {
  const row = await live(db, model, now).where('id_hash', '=', hashToken(id)).executeTakeFirst()
  return row && toFound(row, id)
}

/** Finds by another name than the id. The payload then comes without its id: nobody has brought it. */
export async function findStateBy(
  db: StatesDb,
  model: string,
  by: { readonly uid: string } | { readonly userCode: string } | { readonly idHash: string },
  now: number,
): Promise<FoundState | undefined> {
  const [column, digest] = digestOf(by)
  const row = await live(db, model, now).where(column, '=', digest).executeTakeFirst()
  return row && toFound(row, undefined)
}

function digestOf(by: Parameters<typeof findStateBy>[2]) {
  if ('idHash' in by) return ['id_hash', by.idHash] as const
  return 'uid' in by
    ? (['uid_hash', hashToken(by.uid)] as const)
    : (['user_code_hash', hashToken(by.userCode)] as const)
}

/** From now on the row dies with the grant. */
export async function tieToGrant(
  db: StatesDb,
  { model, idHash }: { readonly model: string; readonly idHash: string },
  grantId: string,
): Promise<void> {
  await db
    .updateTable('oidc_states')
    .set({ grant_hash: hashToken(grantId) })
    .where('model', '=', model)
    .where('id_hash', '=', idHash)
    .execute()
}

/** Marks a row as used; false when it was used before, or is not there. One statement, so that two at once differ. */
export async function consumeState(
  db: StatesDb,
  { model, id }: StateKey,
  now: number,
): Promise<boolean> {
  const result = await db
    .updateTable('oidc_states')
    .set({ consumed_at: now })
    .where('model', '=', model)
    .where('id_hash', '=', hashToken(id))
    .where('consumed_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Takes a row out and returns it: the second of two callers gets nothing. */
export async function takeState(
  db: StatesDb,
  { model, id }: StateKey,
  now: number,
): Promise<Payload | undefined> {
  const row = await db
    .deleteFrom('oidc_states')
    .where('model', '=', model)
    .where('id_hash', '=', hashToken(id))
    .returning(['payload', 'expires_at'])
    .executeTakeFirst()
  if (!row || (row.expires_at !== null && row.expires_at <= now)) return undefined
  return readPayload(row.payload, id)
}

export async function removeState(db: StatesDb, { model, id }: StateKey): Promise<void> {
  await db
    .deleteFrom('oidc_states')
    .where('model', '=', model)
    .where('id_hash', '=', hashToken(id))
    .execute()
}

/** The grant hash of a row, whatever became of it. */
export async function grantHashOf(
  db: StatesDb,
  { model, id }: StateKey,
): Promise<string | undefined> {
  const row = await db
    .selectFrom('oidc_states')
    .select('grant_hash')
    .where('model', '=', model)
    .where('id_hash', '=', hashToken(id))
    .executeTakeFirst()
  return row?.grant_hash ?? undefined
}

/** Whether the grant is there, and then it stays until the transaction ends. A token may only be written while it is. */
export async function holdGrant(db: StatesDb, grantHash: string): Promise<boolean> {
  const row = await db
    .selectFrom('oidc_states')
    .select('id_hash')
    .where('model', '=', 'Grant')
    .where('id_hash', '=', grantHash)
    .forShare()
    .executeTakeFirst()
  return row !== undefined
}

/**
 * Removes a grant with its tokens and codes, in the caller's transaction. The grant goes first: whoever writes a token holds it,
 * so that the token is either removed here or never written.
 */
export async function removeGrant(db: StatesDb, grantHash: string): Promise<void> {
  await db
    .deleteFrom('oidc_states')
    .where('model', '=', 'Grant')
    .where('id_hash', '=', grantHash)
    .execute()
  await removeTokens(db, grantHash)
}

/** Removes the tokens and codes of a grant that stays. */
export async function removeTokens(db: StatesDb, grantHash: string): Promise<void> {
  await db.deleteFrom('oidc_states').where('grant_hash', '=', grantHash).execute()
}

/** Rewrites a row, or puts off its end. A row that is gone stays gone: nothing is inserted. */
export async function extendState(
  db: StatesDb,
  { model, id }: StateKey,
  end: { readonly payload: Payload; readonly expiresAt: number },
): Promise<void> {
  await db
    .updateTable('oidc_states')
    .set({ payload: writePayload(end.payload, id), expires_at: end.expiresAt })
    .where('model', '=', model)
    .where('id_hash', '=', hashToken(id))
    .execute()
}

/**
 * Removes all that stands for an account: grants and their tokens, what browsers remember, sign-ins on their way. Looks through
 * the whole table; it is for rare acts: an operator's, and a person's who signs out everywhere.
 */
export async function removeStatesOf(db: StatesDb, accountId: string): Promise<void> {
  await db
    .deleteFrom('oidc_states')
    .where('payload', 'like', `%"accountId":"${accountId}"%`)
    .execute()
}

/** Removes what browsers remember of an account. Sessions and tokens that were given out live on. */
export async function removeBrowserMemories(db: StatesDb, accountId: string): Promise<void> {
  await db
    .deleteFrom('oidc_states')
    .where('model', '=', 'Session')
    .where('payload', 'like', `%"accountId":"${accountId}"%`)
    .execute()
}

/** What has expired is found by nobody who asks for it; its row stays this long. */
export const sweptAfterMs = 5 * 60_000

/** Removes what has expired a while ago, but for rows that somebody else is at: another server's sweep, or a grant's end. */
export async function sweepStates(db: StatesDb, now: number): Promise<void> {
  await db
    .deleteFrom('oidc_states')
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple('model', 'id_hash'),
        'in',
        selectFrom('oidc_states as expired')
          .select(['expired.model', 'expired.id_hash'])
          .where('expired.expires_at', '<=', now - sweptAfterMs)
          .forUpdate()
          .skipLocked()
          .$asTuple('model', 'id_hash'),
      ),
    )
    .execute()
}

function keyOf({ model, id }: StateKey) {
  return { model, id_hash: hashToken(id) }
}

function contentOf(state: NewState) {
  const digest = (text: string | undefined) => (text === undefined ? null : hashToken(text))
  return {
    payload: writePayload(state.payload, state.id),
    grant_hash: digest(state.grantId),
    uid_hash: digest(state.uid),
    user_code_hash: digest(state.userCode),
    key_thumbprint: state.keyThumbprint ?? null,
    expires_at: state.expiresAt,
  }
}

function live(db: StatesDb, model: string, now: number) {
  return db
    .selectFrom('oidc_states')
    .select(['id_hash', 'payload', 'consumed_at', 'expires_at'])
    .where('model', '=', model)
    .where((e) => e.or([e('expires_at', 'is', null), e('expires_at', '>', now)]))
}

function toFound(
  row: Pick<OidcStatesTable, 'id_hash' | 'payload' | 'consumed_at' | 'expires_at'>,
  id: string | undefined,
): FoundState {
  const payload = readPayload(row.payload, id)
  const { id_hash: idHash, consumed_at: consumedAt, expires_at: expiresAt } = row
  return { idHash, payload, consumedAt, expiresAt }
}

/**
 * Stands in the stored text where the row's id was. JSON never holds this character as such (RFC 8259 section 7: control
 * characters are escaped), so nothing that a client sends can be taken for it.
 */
const ownId = '\u0001'

function writePayload(payload: Payload, id: string): string {
  return JSON.stringify(payload).replaceAll(id, ownId)
}

function readPayload(text: string, id: string | undefined): Payload {
  const payload: unknown = JSON.parse(text.replaceAll(ownId, id ?? ''))
  return payload as Payload // written by `writePayload` from a Payload
}
