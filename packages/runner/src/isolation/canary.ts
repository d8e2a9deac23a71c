import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** Secrets put where a build must not find them, and a workspace from which to look for them. */
export interface Canaries {
  readonly workspace: string
  /** A folder that the isolation is told to hide. */
  readonly hiddenFolder: string
  /** The secrets, each under a name that a report can say. */
  readonly secrets: ReadonlyMap<string, string>
  /** What the probe prints when it got as far as running Node and writing a file of its own. */
  readonly alive: string
  /** A file that the probe tries to write outside of its workspace. */
  readonly outside: string
  /** A command line for `sh -c` that looks for the secrets by every simple way there is. */
  readonly probe: string
  remove(): Promise<void>
}

/** Sets the canaries out in a fresh folder under `scratch`. */
export async function setCanaries(scratch: string): Promise<Canaries> {
  await mkdir(scratch, { recursive: true })
  const root = await realpath(await mkdtemp(path.join(scratch, 'measure-')))
  await chmod(root, 0o755)
  const hiddenFolder = path.join(root, 'hidden')
  const workspaces = path.join(root, 'workspaces')
  const workspace = path.join(workspaces, 'mine')
  const secrets = new Map(
    ['a hidden folder', "another build's folder", "the runner's environment"].map((name) => [
      name,
      word(),
    ]),
  )
  const [file = '', sibling = '', environ = ''] = secrets.values()
  // Files of mode 0644: what protects them has to be the isolation, not their own mode.
  await plant(path.join(hiddenFolder, 'canary'), file)
  await plant(path.join(workspaces, 'theirs', 'canary'), sibling)
  for (const folder of ['source', 'home', 'tmp'])
    await mkdir(path.join(workspace, folder), { recursive: true })
  const holder = spawn('/bin/sh', ['-c', 'read -r _'], {
    env: { NORRIX_CANARY: environ },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  holder.on('error', () => {})
  const alive = word()
  return {
    workspace,
    hiddenFolder,
    secrets,
    alive,
    outside: path.join(root, 'outside'),
    probe: probeScript(root, alive, holder),
    remove: async () => {
      holder.kill('SIGKILL')
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function plant(file: string, secret: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, secret)
}

function word(): string {
  return randomBytes(16).toString('hex')
}

/** The probe is told the word in two halves, so that its own command line cannot be taken for its answer. */
function probeScript(root: string, alive: string, holder: ChildProcess): string {
  const at = quote(root)
  const files = `cat ${at}/hidden/canary ${at}/workspaces/theirs/canary`
  const look = `${files}; cat /proc/*/environ /proc/${holder.pid}/environ`
  const uncover = uncoverScript(at, quote(readlinkSync('/proc/self/ns/mnt')))
  return [
    look,
    uncover,
    look,
    `unshare -Urm sh -c ${quote(`${uncover}; ${look}`)}`,
    `echo x >${at}/outside`,
    `echo x >inside && node -e 'process.stdout.write("${alive.slice(0, 16)}" + "${alive.slice(16)}")'`,
  ].join('\n')
}

/**
 * Takes away what is mounted in or over the canaries' folder, the deepest first. Where isolation fails, a probe that is
 * root must not take the machine's own mounts away: it does nothing in the runner's own mount namespace, nor to a mount
 * that others share.
 */
function uncoverScript(root: string, runnerNamespace: string): string {
  return `if [ "$(readlink /proc/self/ns/mnt)" != ${runnerNamespace} ]; then
while read -r _ _ _ _ at _ rest; do
  case $rest in *shared:*" - "*) continue ;; esac
  case ${root}/ in "$at"/*) echo "$at"; continue ;; esac
  case $at/ in ${root}/*) echo "$at" ;; esac
done </proc/self/mountinfo | sort -r | while read -r at; do umount -l "$at"; done
fi`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
