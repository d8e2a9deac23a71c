import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { freePort } from '../kit/free-port.ts'
import { hostAs, type Hosted, type HostedServer } from '../kit/hosted.ts'
import { watchSteps, type Steps, type StepsOptions } from './steps.ts'

/** A server's process on a port and a data folder that outlive it. */
export class House {
  readonly folder = mkdtempSync(join(tmpdir(), 'norrix-crash-'))
  readonly url: string
  readonly #config: string
  #hosted: Hosted | undefined
  #steps: Steps | undefined
  /** How far the server's clock is ahead; it only grows, so that leases run out and nothing comes back. */
  clockAheadMs = 0

  private constructor(port: number) {
    this.url = `http://localhost:${port}`
    this.#config = join(this.folder, 'norrix-server.json')
    const prod = { listen: { port }, data: this.data, signUp: 'open', runner: false }
    writeFileSync(this.#config, JSON.stringify({ environments: { prod } }))
  }

  static async build(): Promise<House> {
    return new House(await freePort())
  }

  get data(): string {
    return join(this.folder, 'data')
  }

  get server(): HostedServer {
    const [server] = this.#hosted?.servers ?? []
    if (!server) throw new Error('The server does not run.')
    return server
  }

  /** Starts the server; `steps` says where it is killed, counted from `arm`. */
  async start(steps: StepsOptions & { readonly within?: readonly string[] } = {}): Promise<void> {
    this.#steps = watchSteps({ ...steps, clockAheadMs: this.clockAheadMs })
    this.#hosted = await hostAs(undefined, {
      cwd: this.folder,
      ...(steps.within && { within: steps.within }),
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: this.folder,
        NORRIX_SERVER_CONFIG: this.#config,
        ...this.#steps.env,
      },
    })
  }

  async arm(): Promise<void> {
    await this.#steps?.arm(this.pid)
  }

  get pid(): number {
    return this.#hosted?.process.pid ?? 0
  }

  get reached(): readonly string[] {
    return this.#steps?.reached() ?? []
  }

  get isUp(): boolean {
    const child = this.#hosted?.process
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** What the kit's sign-in needs of a server. */
  asNorrix(): { readonly url: string; readonly kind: 'prod' } {
    return { url: this.url, kind: 'prod' }
  }

  /** kill -9, now. */
  async kill(): Promise<void> {
    if (this.isUp && this.#hosted) {
      const over = once(this.#hosted.process, 'exit')
      this.#hosted.process.kill('SIGKILL')
      await over
    }
    this.#steps?.remove()
  }

  /** Ends it, however it is, and starts it again as it should be. */
  async restart(steps: StepsOptions = {}): Promise<void> {
    await this.kill()
    await this.start(steps)
  }

  settleIn(): Promise<Resident> {
    const { url, ownerLink } = this.server
    return settleIn({ kind: 'prod', url, ownerLink: async () => ownerLink })
  }

  async remove(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
