import { builds } from '@norrix/contract/builds.operations'
import { isFinal } from '@norrix/contract/builds.policy'
import { runners } from '@norrix/contract/runners.operations'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { create } from 'tar'
import { signedInHome } from '../kit/at-the-terminal.ts'
import { commandProject } from '../kit/project.ts'
import { queueBuild } from '../kit/queue-build.ts'
import { runNorrix, startNorrixCommand, temporaryHome, type Running } from '../kit/run-norrix.ts'
import { approve } from '../kit/sign-in.ts'
import { readAgreement } from './agreement.ts'
import type { Stage } from './stage.ts'
import { watchSteps, type Steps } from './steps.ts'

/** Something that people do, during which one process is killed. */
export interface Flow {
  readonly title: string
  readonly victim: 'server' | 'runner' | 'command line'
  /** Each time on a server of its own that nobody has claimed yet. */
  readonly isUnclaimed?: true
  /** Makes ready what the flow needs; nothing is killed here. */
  prepare(stage: Stage): Promise<Prepared>
}

export interface Prepared {
  /**
   * Does it; resolves when it is done, or cannot be done because the victim is dead. Writes what was acknowledged to the stage's
   * promises.
   *
   * @param steps of the victim, when that is not the server
   */
  act(steps: Steps): Promise<void>
  /** With the server up again: what has to hold beside the promises. What is wrong. */
  after(): Promise<string[]>
}

const nothing = async (): Promise<string[]> => []

export const flows: readonly Flow[] = [
  {
    title: 'claim a server',
    victim: 'server',
    isUnclaimed: true,
    async prepare({ house }) {
      let isClaimed = false
      return {
        async act() {
          await house.settleIn()
          isClaimed = true
        },
        async after() {
          if (!isClaimed && house.server.ownerLink) await house.settleIn()
          const home = await signedInHome(house.asNorrix())
          const { code, stdout } = await runNorrix(['whoami', '--json'], { home: home.path })
          home.remove()
          const isOwner = /"role":"owner"/.test(stdout.replaceAll(/\s/g, ''))
          return code === 0 && isOwner ? [] : [`nobody owns it: ${stdout}`]
        },
      }
    },
  },
  {
    title: 'queue a build',
    victim: 'server',
    prepare: async (stage) => ({ act: async () => void (await queueOne(stage)), after: nothing }),
  },
  {
    title: 'cancel a build',
    victim: 'server',
    async prepare(stage) {
      const id = await queueOne(stage)
      const { client, orgId } = stage.ana
      return {
        async act() {
          await client.call(builds.cancel, { params: { orgId, buildId: id } })
          stage.promises.cancelled.add(id)
        },
        after: nothing,
      }
    },
  },
  {
    title: 'make a key and revoke another',
    victim: 'server',
    async prepare(stage) {
      const old = await stage.ana.makeKey()
      stage.promises.keys.add(old.secret)
      return {
        async act() {
          const { secret } = await stage.ana.makeKey()
          stage.promises.keys.add(secret)
          // Between asking and the answer it may be dead or not: nothing was promised.
          stage.promises.keys.delete(old.secret)
          await stage.ana.revokeKey(old.id)
          stage.promises.keys.add(old.secret)
          stage.promises.revoked.add(old.secret)
        },
        after: nothing,
      }
    },
  },
  { title: 'sign in', victim: 'server', prepare: (stage) => signIn(stage) },
  { title: 'sign in', victim: 'command line', prepare: (stage) => signIn(stage) },
  { title: 'refresh a session', victim: 'server', prepare: (stage) => refresh(stage) },
  { title: 'refresh a session', victim: 'command line', prepare: (stage) => refresh(stage) },
  {
    title: 'run a build',
    victim: 'server',
    prepare: (stage) => runBuild(stage),
  },
  {
    title: 'run a build',
    victim: 'runner',
    prepare: (stage) => runBuild(stage),
  },
  {
    title: 'norrix build',
    victim: 'command line',
    async prepare(stage) {
      const home = await signedInHome(stage.house.asNorrix())
      const project = commandProject('mkdir out && echo made > out/app.apk', ['out/*.apk'])
      return {
        async act(steps) {
          const words = ['build', 'android', 'release', '--detach', '--wait-for-runner', '--json']
          const options = { home: home.path, cwd: project.path, env: steps.env }
          const { stdout } = await startNorrixCommand(words, options).ended
          for (const [id] of stdout.matchAll(/build_\w+/g)) stage.promises.builds.add(id)
        },
        async after() {
          const { code, stderr } = await startNorrixCommand(['whoami'], { home: home.path }).ended
          home.remove()
          project.remove()
          return code === 0 ? [] : [`~/.norrix does not open any more: ${stderr}`]
        },
      }
    },
  },
]

/** One sign-in at a terminal; the browser is never the victim. */
async function signIn(stage: Stage): Promise<Prepared> {
  const home = temporaryHome()
  let isSignedIn = false
  const once = async (env: Readonly<Record<string, string>> = {}): Promise<number | null> => {
    const words = ['sign-in', stage.house.url, '--browser']
    const running = startNorrixCommand(words, { home: home.path, env })
    try {
      const [, address = ''] = await running.waitFor(/^ {2}(https?:\/\/\S+)$/m)
      await approve(stage.newBrowser(), address)
      return (await Promise.race([running.ended, sleep(20_000)]))?.code ?? null
    } finally {
      running.child.kill('SIGKILL')
    }
  }
  const whoami = () => runNorrix(['whoami'], { home: home.path })
  return {
    async act({ env }) {
      isSignedIn = (await once(env)) === 0
    },
    async after() {
      const wrong: string[] = []
      if (isSignedIn && (await whoami()).code !== 0) wrong.push('an acknowledged sign-in is lost')
      if (!isSignedIn && (await once()) !== 0) wrong.push('nobody can sign in any more')
      if ((await whoami()).code !== 0) wrong.push('the second sign-in does not hold')
      home.remove()
      return wrong
    },
  }
}

/** A command whose access token has run out, so that it asks for another with what it may use once. */
async function refresh(stage: Stage): Promise<Prepared> {
  const home = await signedInHome(stage.house.asNorrix())
  const later = watchSteps({ clockAheadMs: accessTokenMs })
  const whoami = (env: Readonly<Record<string, string | undefined>>) =>
    runNorrix(['whoami'], { home: home.path, env })
  return {
    async act({ env }) {
      await whoami({ ...later.env, ...env })
    },
    async after() {
      const { code, stderr } = await whoami(later.env)
      later.remove()
      home.remove()
      return code === 0 ? [] : [`the session is lost: ${stderr}`]
    },
  }
}

/** An access token is over after ten minutes; two more than that. */
const accessTokenMs = 720_000

async function queueOne(stage: Stage): Promise<string> {
  const { client, orgId } = stage.ana
  const command = 'mkdir out && echo made > out/app.apk'
  const asked = {
    source: await smallProject(),
    command,
    artifacts: ['out/*.apk'],
    waitForRunner: true,
  }
  const { id } = await queueBuild(client, orgId, asked)
  stage.promises.builds.add(id)
  return id
}

/** One build from its taking to its end, by `norrix runners start` in a process of its own. */
async function runBuild(stage: Stage): Promise<Prepared> {
  const { client, orgId } = stage.ana
  const { token } = await client.call(runners.create, { params: { orgId }, body: { name: 'mac' } })
  const folder = mkdtempSync(join(tmpdir(), 'norrix-runner-'))
  chmodSync(folder, 0o755)
  const id = await queueOne(stage)
  let running: Running | undefined
  // Read behind the server's back: an answer would be a step of its own.
  const isOver = (): boolean => isFinal(readAgreement(stage.house.data).builds.get(id) ?? 'queued')
  return {
    async act(steps) {
      const words = [
        'runners',
        'start',
        '--url',
        stage.house.url,
        '--platforms',
        'android',
        '--folder',
        folder,
      ]
      running = startNorrixCommand(words, { env: { NORRIX_RUNNER_TOKEN: token, ...steps.env } })
      const { child } = running
      while (child.exitCode === null && child.signalCode === null && stage.house.isUp) {
        if (isOver()) return
        await sleep(50)
      }
    },
    async after() {
      try {
        // A runner that lives goes on where it was; of one that is dead the lease has to run out, which is for the end.
        const giveUp = Date.now() + 60_000
        while (running?.child.signalCode === null && !isOver()) {
          if (Date.now() > giveUp) return [`${id} does not end though its runner lives`]
          await sleep(50)
        }
        return []
      } finally {
        running?.child.kill('SIGKILL')
        await running?.ended
        rmSync(folder, { recursive: true, force: true })
      }
    },
  }
}

let packed: Promise<Buffer> | undefined

function smallProject(): Promise<Buffer> {
  packed ??= (async () => {
    const project = commandProject('true', ['out/*'])
    const file = join(project.path, 'source.tgz')
    await create({ gzip: true, file, cwd: project.path }, ['README.txt'])
    const bytes = readFileSync(file)
    project.remove()
    return bytes
  })()
  return packed
}
