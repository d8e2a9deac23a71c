import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../kit/free-port.ts'
import { serveProcess, sitAt } from '../kit/norrix-server.ts'
import { asConfigured, makeBareDatabase, runSql } from '../kit/test-database.ts'

/** Another machine: an empty database, and folders that are not there yet. */
export async function moveTo(folder: string, name: string) {
  const data = join(folder, name)
  const database = await makeBareDatabase(data)
  const prod = { data, runner: false, ...asConfigured(database.config, data) }
  const there = sitAt({ environments: { prod } })
  return {
    host: there,
    data,
    /** On a port that is asked for as late as can be: a restore takes seconds, in which another program may get it. */
    async serve() {
      const listen = { port: await freePort() }
      writeFileSync(there.config, JSON.stringify({ environments: { prod: { ...prod, listen } } }))
      const serving = await serveProcess(there.config)
      return { serving, url: `http://localhost:${listen.port}` }
    },
    async isBare() {
      const tables = `select 1 as one from information_schema.tables where table_schema = 'public'`
      const hasTables =
        database.config.kind === 'postgres' && (await runSql(database.config, tables)).length > 0
      return !existsSync(data) && !hasTables
    },
    async leave() {
      await database.drop()
      there.leave()
    },
  }
}
