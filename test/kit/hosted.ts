import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A server's process, and what it says of itself. */
export interface Hosted {
  readonly process: ChildProcess
  readonly servers: readonly HostedServer[]
  stop(): Promise<void>
}

export interface HostedServer {
  readonly kind: 'prod' | 'dev'
  readonly url: string
  readonly ownerLink: { readonly url: string }
  /** As the embedded runner measured it; the whole log where it did not start. */
  readonly isolation: string
}

type CommandLine = readonly [program: string, ...words: string[]]

/** A command line that runs another one as this user; the same one for whoever runs the tests. */
export function commandAs(uid: number | undefined, command: CommandLine): CommandLine {
  if (uid === undefined) return command
  return ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', ...command]
}

/** Starts the process as this user; resolves when both environments serve and their runners are ready. */
export async function hostAs(
  uid: number | undefined,
  options: {
    readonly cwd: string
    readonly env: Readonly<Record<string, string>>
    /** A command line that ends by running the words behind it, in the same process. */
    readonly within?: readonly string[]
  },
): Promise<Hosted> {
  const main = fileURLToPath(new URL('./host-process.ts', import.meta.url))
  const { within = [], cwd, env } = options
  const [file = '', ...args] = [...within, ...commandAs(uid, [process.execPath, main])]
  // Its stdin says nothing: that it ends tells the server that whoever started it is gone.
  const child = spawn(file, args, { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })
  const first = new Promise<string>((resolve, reject) => {
    lines.once('line', resolve)
    child.once('exit', (code) => reject(new Error(`The server ended with exit code ${code}.`)))
  })
  const servers = JSON.parse(await first) as readonly HostedServer[] // by host-process.ts
  return {
    process: child,
    servers,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}
