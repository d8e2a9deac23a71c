import type { KyselyPlugin, PluginTransformResultArgs, QueryResult, UnknownRow } from 'kysely'
import type { Database, LookupValue } from '@norrix/server/kernel/db/database'
import type { Tables } from '@norrix/server/schema/index'

/** The life of one server process, as its database sees it. */
export interface Life {
  /** Resolves when the process may go on behind a statement or a commit; never, when this is where it ended. */
  reached(): Promise<void>
  /** Rejects with `ended` when the process ends. */
  readonly death: Promise<never>
  readonly isOver: () => boolean
}

export const ended = new Error('The process has ended.')

/**
 * The real database as one process has it: when the process ends, what it had not committed is rolled back, and nothing of it goes
 * on. All processes share one connection, so that they take turns as writers of SQLite do.
 */
export function databaseOf(db: Database<Tables>, life: Life): Database<Tables> {
  const kysely = db.kysely.withPlugin(new Step(life))
  return {
    ...db,
    kysely,
    lookup<Row>(sql: string) {
      const look = db.lookup<Row>(sql)
      return async (...values: LookupValue[]) => {
        const row = await look(...values)
        await life.reached()
        return row
      }
    },
    async transaction(work) {
      const result = await kysely
        .transaction()
        .execute((tx) => {
          if (life.isOver()) throw ended
          return Promise.race([work(tx), life.death])
        })
        .catch((error: unknown) => {
          if (error === ended) return new Promise<never>(() => {})
          throw error
        })
      await life.reached()
      return result
    },
  }
}

/** Behind every statement, inside of a transaction or not. */
class Step implements KyselyPlugin {
  readonly #life: Life

  constructor(life: Life) {
    this.#life = life
  }

  transformQuery({ node }: Parameters<KyselyPlugin['transformQuery']>[0]) {
    return node
  }

  async transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    await this.#life.reached()
    return result
  }
}
