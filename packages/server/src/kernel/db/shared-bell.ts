import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { createBell, type Bell } from '../bell.ts'
import type { Log } from '../log.ts'
import type { PostgresConfig } from './engine.ts'
import { connectionOf } from './postgres-pool.ts'

export interface SharedBell extends Bell {
  close(): Promise<void>
}

const channel = 'norrix_bell'
const firstRetryMs = 100
const lastRetryMs = 5000

/**
 * A bell that is heard in every process on one database, by LISTEN and NOTIFY on one connection. Whatever is rung while that
 * connection is down is heard in this process alone: others look again after a time of their own, as a bell demands.
 */
export function openSharedBell(config: PostgresConfig, log: Log | undefined): SharedBell {
  const local = createBell()
  /** Names this process, which has heard its own rings already. */
  const self = randomBytes(6).toString('hex')
  const rung = new Set<string>()
  const line = openLine(config, log, (payload) => {
    const [from, topic] = payload.split(' ', 2)
    if (from !== self && topic !== undefined) local.ring(topic)
  })
  let isSending = false
  const send = async (): Promise<void> => {
    // What is rung meanwhile leaves together: a log that pours is a statement now and then, not a thousand.
    while (rung.size > 0) {
      const payloads = [...rung].map((topic) => `${self} ${topic}`)
      rung.clear()
      await line.send(payloads)
    }
    isSending = false
  }
  return {
    ring(topic) {
      local.ring(topic)
      rung.add(topic)
      if (isSending) return
      isSending = true
      setImmediate(() => void send())
    },
    wait(topic, ms, signal) {
      line.open()
      return local.wait(topic, ms, signal)
    },
    close: () => line.close(),
  }
}

interface Line {
  /** Connects, unless it is connected or about to be. */
  open(): void
  /** Resolves when it was sent, or could not be. */
  send(payloads: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** One connection that listens, and is opened again whenever it is lost. */
function openLine(
  config: PostgresConfig,
  log: Log | undefined,
  hear: (payload: string) => void,
): Line {
  let client: Client | undefined
  let isWanted = false
  let isClosed = false
  let retryMs = firstRetryMs
  let retry: NodeJS.Timeout | undefined

  const connect = async (): Promise<void> => {
    const fresh = new Client({ ...connectionOf(config), query_timeout: lastRetryMs })
    let isLost = false
    const lose = (cause?: unknown) => {
      if (isLost) return
      isLost = true
      if (client === fresh) client = undefined
      void fresh.end().catch(() => undefined)
      if (!isClosed) again(cause)
    }
    fresh.on('error', lose).on('end', () => lose())
    fresh.on('notification', ({ payload }) => hear(payload ?? ''))
    try {
      await fresh.connect()
      await fresh.query(`listen ${channel}`)
      if (isClosed) return lose()
      client = fresh
      retryMs = firstRetryMs
    } catch (cause) {
      lose(cause)
    }
  }
  const again = (cause: unknown) => {
    log?.warn('database.bell_lost', { cause, retryMs })
    retry = setTimeout(() => void connect(), retryMs).unref()
    retryMs = Math.min(retryMs * 2, lastRetryMs)
  }
  const open = () => {
    if (isWanted || isClosed) return
    isWanted = true
    void connect()
  }

  return {
    open,
    async send(payloads) {
      open()
      const sql = `select pg_notify('${channel}', payload) from unnest($1::text[]) payload`
      await client?.query(sql, [payloads]).catch((cause: unknown) => {
        log?.debug('database.bell_unheard', { cause })
      })
    },
    async close() {
      isClosed = true
      clearTimeout(retry)
      await client?.end().catch(() => undefined)
    },
  }
}
