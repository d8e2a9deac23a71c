import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { settleIn, type Resident } from '../kit/at-the-terminal.ts'
import { commandAs, hostAs, type Hosted, type HostedServer } from '../kit/hosted.ts'
import { commandProject } from '../kit/project.ts'
import { startNorrixCommand, temporaryHome, type Running } from '../kit/run-norrix.ts'

/**
 * Product ruling 15 through the whole house: a server's process with both environments and their runners, and a build that
 * reads whatever of theirs it can name. What an attacker does to the covers themselves (mounts, namespaces, signals) is in
 * packages/runner/src/isolation/isolation.test.ts, at every level; here is whether the server has the right things covered.
 *
 * No secret is kept by this test's own folder: everybody may enter it, and it is not in /tmp, which is covered for every build.
 */
const isRoot = process.getuid?.() === 0
const has = (tool: string): boolean => spawnSync('which', [tool]).status === 0
const ordinaryUid = isRoot ? 61_777 : undefined
const mayRunHere = ((): boolean => {
  // Reading, too: setpriv still finds its way through a clone under 0700, what it starts does not.
  const look = ['-e', 'fs.accessSync(process.argv[1])', import.meta.filename]
  const [file, ...words] = commandAs(ordinaryUid, [process.execPath, ...look])
  return spawnSync(file, words).status === 0
})()
const ordinaryLevel = has('bwrap') ? 'bwrap' : 'userns'

const cases = [
  { level: 'uid', uid: undefined, who: 'root', skip: !isRoot },
  { level: ordinaryLevel, uid: ordinaryUid, who: 'an ordinary user', skip: !mayRunHere },
] as const

const bases: string[] = []
afterAll(() => bases.forEach((base) => rmSync(base, { recursive: true, force: true })))

describe.skipIf(process.platform !== 'linux')('a build that reads what it can name', () => {
  for (const { level, uid, who, skip } of cases) {
    test.skipIf(skip)(
      `finds nothing of the server, the home or another build at level ${level}, hosted by ${who}`,
      async () => {
        const house = await makeHouse(uid)
        const { hosted, prod, dev } = house
        const home = temporaryHome()
        try {
          expect([prod.isolation, dev.isolation]).toEqual([level, level])
          const neighbour = await startBuild(
            dev,
            home.path,
            `echo ${house.marks.neighbour} > secret; echo there; sleep 600`,
          )
          await neighbour.waitFor(/│ there/)
          const attack = attackOn(house)
          // The attack is a real one: as the server's own user, and not as a build, it finds everything.
          const [shell, ...args] = commandAs(uid, ['sh', '-c', attack])
          const cwd = join(house.base, 'data/prod')
          const control = spawnSync(shell, args, { encoding: 'utf8', cwd }).stdout
          expect(foundIn(control, house)).toEqual(Object.keys(secretsOf(house)))
          const build = await startBuild(prod, home.path, attack)
          await build.waitFor(/│ end of attack/)
          const { stderr } = await build.ended
          expect(foundIn(stderr, house), stderr).toEqual([])
          neighbour.child.kill('SIGKILL')
        } finally {
          await hosted.stop()
          home.remove()
        }
      },
      120_000,
    )
  }
})

interface House {
  readonly base: string
  readonly hosted: Hosted
  readonly prod: HostedServer
  readonly dev: HostedServer
  readonly marks: Readonly<Record<'environment' | 'home' | 'neighbour' | 'file', string>>
}

async function makeHouse(uid: number | undefined): Promise<House> {
  const base = realpathSync(mkdtempSync(join(isRoot ? '/srv' : homedir(), '.norrix-test-')))
  bases.push(base)
  chmodSync(base, 0o755)
  const mark = (): string => `mark-${randomBytes(8).toString('hex')}`
  const marks = { environment: mark(), home: mark(), neighbour: mark(), file: mark() }
  for (const name of ['home', 'data']) mkdirSync(join(base, name), { mode: 0o755 })
  writeFileSync(join(base, 'home/.netrc'), marks.home)
  const config = join(base, 'norrix-server.json')
  const secretFile = join(base, 'client-secret')
  writeFileSync(secretFile, marks.file)
  const upstream = {
    kind: 'oidc',
    name: 'Acme',
    issuer: 'https://id.example.com',
    clientId: 'norrix',
  }
  const environment = (kind: string) => ({
    listen: { port: 0 },
    data: join(base, 'data', kind),
    upstreams: [{ kind: 'embedded' }, { ...upstream, clientSecretFile: secretFile }],
  })
  writeFileSync(
    config,
    JSON.stringify({ environments: { prod: environment('prod'), dev: environment('dev') } }),
  )
  if (uid !== undefined)
    for (const name of ['home', 'data', 'home/.netrc']) chownSync(join(base, name), uid, uid)
  const hosted = await hostAs(uid, {
    cwd: base,
    env: {
      PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      HOME: join(base, 'home'),
      NORRIX_SERVER_CONFIG: config,
      DATABASE_PASSWORD: marks.environment,
    },
  })
  const [prod, dev] = hosted.servers
  if (!prod || !dev) throw new Error('Not both environments serve.')
  return { base, hosted, prod, dev, marks }
}

async function startBuild(
  { url, kind, ownerLink }: HostedServer,
  home: string,
  command: string,
): Promise<Running> {
  const resident: Resident = await settleIn({ url, kind, ownerLink: async () => ownerLink })
  const { secret } = await resident.makeKey(['build'])
  const project = commandProject(command, ['*'])
  bases.push(project.path)
  const flags = kind === 'dev' ? ['--dev'] : []
  return startNorrixCommand(['build', 'android', 'release', ...flags], {
    home,
    cwd: project.path,
    env: { NORRIX_API_KEY: secret, NORRIX_API_URL: url },
  })
}

/** Everything that the build must not see, by what it is. */
function secretsOf({ base, marks }: House): Readonly<Record<string, readonly string[]>> {
  const keysOf = (kind: string): string[] => {
    const folder = join(base, 'data', kind, 'secrets')
    return readdirSync(folder).map((name) =>
      readFileSync(join(folder, name), 'base64').slice(0, 40),
    )
  }
  return {
    'the database': ['U1FMaXRlIGZvcm1hdCAz'], // base64 of `SQLite format 3`
    "the server's secrets": keysOf('prod'),
    "the other environment's secrets": keysOf('dev'),
    "the server's environment": [marks.environment],
    'a file that the configuration names': [marks.file],
    'the home': [marks.home],
    "another build's files": [marks.neighbour],
  }
}

function foundIn(text: string, house: House): string[] {
  const whole = text.replaceAll(/\n *│? ?/g, '\n')
  return Object.entries(secretsOf(house)).flatMap(([name, secrets]) =>
    secrets.some((secret) => whole.includes(secret)) ? [name] : [],
  )
}

/** One line of shell, since a configuration's command is one line. Never mounts, never writes. */
function attackOn({ base, hosted }: House): string {
  const each = (paths: string, how: string): string =>
    `for f in ${paths}; do ${how} "$f" 2>/dev/null; done`
  const data = ['prod', 'dev'].map((kind) => join(base, 'data', kind))
  return [
    ...data.map((folder) => `head -c 60 ${folder}/norrix.db | base64 -w0`),
    ...data.map((folder) => each(`${folder}/secrets/*`, 'base64 -w0')),
    each(`${base}/client-secret`, 'cat'),
    each(`${base}/home/.netrc ~root/.netrc /proc/1/root${base}/home/.netrc`, 'cat'),
    each(`/proc/${hosted.process.pid}/environ /proc/[0-9]*/environ`, 'cat'),
    `find ${base} ../.. -name secret -path '*workspaces*' -exec cat {} + 2>/dev/null`,
    'echo',
    'echo end of attack',
  ].join('; ')
}
