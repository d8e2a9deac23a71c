import { sessions } from '@norrix/contract/sessions.operations'
import { builds } from '@norrix/contract/builds.operations'
import { createClient } from '@norrix/contract/client'
import { isFinal, type BuildState } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { setTimeout as sleep } from 'node:timers/promises'
import { Browser } from '../identity/browser.ts'
import type { Resident } from '../kit/at-the-terminal.ts'
import { addCommandRunner } from '../kit/command-runner.ts'
import { readAgreement } from './agreement.ts'
import { House } from './house.ts'

/** What somebody was told is done, and so has to hold whatever is killed afterwards. */
export interface Promises {
  readonly builds: Set<string>
  readonly cancelled: Set<string>
  /** Secrets of keys that were made, and of those that were revoked. */
  readonly keys: Set<string>
  readonly revoked: Set<string>
}

/** A house in which things are done and processes killed, with one person who has claimed it, where it is claimed. */
export class Stage {
  readonly house: House
  readonly #ana: Resident | undefined
  readonly promises: Promises = {
    builds: new Set(),
    cancelled: new Set(),
    keys: new Set(),
    revoked: new Set(),
  }

  private constructor(house: House, ana?: Resident) {
    this.house = house
    this.#ana = ana
  }

  /** Not started, claimed by nobody. */
  static async unclaimed(): Promise<Stage> {
    return new Stage(await House.build())
  }

  static async open(): Promise<Stage> {
    const house = await House.build()
    await house.start()
    return new Stage(house, await house.settleIn())
  }

  get ana(): Resident {
    if (!this.#ana) throw new Error('Nobody has claimed this house.')
    return this.#ana
  }

  /** What is not as it was promised, with the server running. */
  async problems(): Promise<string[]> {
    const { problems } = readAgreement(this.house.data)
    const found = [...problems]
    for (const id of this.promises.builds) {
      if ((await this.stateOf(id)) === undefined) found.push(`the acknowledged ${id} is lost`)
    }
    for (const id of this.promises.cancelled) {
      const state = await this.stateOf(id)
      if (state !== 'cancelled') found.push(`the cancelled ${id} is ${state}`)
    }
    for (const secret of this.promises.keys) {
      const isDead = this.promises.revoked.has(secret)
      const says = await this.#keySays(secret)
      if (says !== (isDead ? 'key_revoked' : 'welcome')) {
        found.push(`a key that was ${isDead ? 'revoked' : 'made'} is answered ${says}`)
      }
    }
    return found
  }

  async stateOf(buildId: string): Promise<BuildState | undefined> {
    const { client, orgId } = this.ana
    try {
      return (await client.call(builds.show, { params: { orgId, buildId } })).state
    } catch (error) {
      if (error instanceof Fault && error.code === 'not_found') return undefined
      throw error
    }
  }

  /** Lets a healthy runner do all that is left, leases that a dead one holds included; how each build ended. */
  async drain(): Promise<ReadonlyMap<string, BuildState>> {
    // Two leases' time: those of dead runners are over.
    this.house.clockAheadMs += 120_000
    await this.house.restart()
    const runner = await addCommandRunner(this.ana, { name: 'healthy', platforms: 'android' })
    try {
      await runner.start()
      const giveUp = Date.now() + 120_000
      for (;;) {
        const { builds: states } = readAgreement(this.house.data)
        if ([...states.values()].every(isFinal) || Date.now() > giveUp) return states
        await sleep(200)
      }
    } finally {
      await runner.remove()
    }
  }

  /** A browser in which ana is not signed in. */
  newBrowser(): Browser {
    return new Browser()
  }

  async close(): Promise<void> {
    await this.house.remove()
  }

  async #keySays(secret: string): Promise<string> {
    const headers = () => ({ Authorization: `Bearer ${secret}` })
    try {
      await createClient({ baseUrl: this.house.url, headers }).call(sessions.whoami, {})
      return 'welcome'
    } catch (error) {
      if (error instanceof Fault) return error.code
      throw error
    }
  }
}
