/**
 * Keeping a build away from everything that is not the build (product ruling 15).
 *
 * A build runs other people's code. What it must never read: the server's data folder, the environment
 * of the server or the runner, the home of the user who runs them, the files of another build. What it
 * must never do: outlive its runner, or write outside of its own workspace.
 *
 * Levels, best first.
 *
 * - `uid`: the runner is root. The build gets a user id that nobody else has, and namespaces of its own
 *   for mounts, processes and System V IPC.
 * - `bwrap`: bubblewrap gives an ordinary user the same private view. The user id stays the runner's own,
 *   so the covers over the hidden places are what protects them.
 * - `userns`: the same from util-linux alone. The set-up needs privileges inside a user namespace; they
 *   are dropped before the build starts, for good, else it would simply unmount the covers.
 * - `none`: a process group and a clean environment, nothing more. The only level of macOS and Windows.
 *
 * In the private view every file system is read-only but the workspace; `/tmp`, `/var/tmp` and
 * `/dev/shm` are fresh ones in memory (TMPDIR is on disk); `/run` is empty, so no session bus and no container
 * socket is within reach; `/proc` shows the build's own processes only.
 *
 * What stays open at every level: the network, since builds fetch packages. A build can therefore talk to
 * whatever listens on this machine, abstract unix sockets included. There is no limit on memory, disk
 * or processor time either; the wall clock is limited by `job/run.ts`.
 *
 * Life cycle: `measureIsolation` once, when the runner starts; then, for each build, `prepare` after its
 * files were put in the workspace, any number of `command`, and `release` when the build is over.
 * `prepare` and `release` may be repeated; `release` of a workspace that was never prepared does nothing.
 * Calls for different workspaces may overlap. `command` only plans: it starts nothing and throws an
 * `IsolationError` when its input cannot be honoured. When the private view cannot be set up, nothing of
 * the build runs and `job/run.ts` reports `not-started`.
 */

export const isolationLevels = ['uid', 'bwrap', 'userns', 'none'] as const
export type IsolationLevel = (typeof isolationLevels)[number]

export interface Isolation {
  readonly level: IsolationLevel
  /** Hands the workspace to the build: at level `uid` claims a user id and gives it the files. */
  prepare(workspace: string): Promise<void>
  /** How to start `argv` as the build of this workspace. */
  command(argv: readonly string[], options: CommandOptions): SpawnPlan
  /** Takes the workspace back once none of its processes is left. */
  release(workspace: string): Promise<void>
}

export interface CommandOptions {
  /** Absolute path without symbolic links; holds `home` and `tmp` (`job/workspace.ts` makes it). */
  readonly workspace: string
  /** Where the command starts; inside the workspace. */
  readonly directory: string
  /** All that the build gets, beside PATH, HOME, TMPDIR, LANG and USER. */
  readonly env: Readonly<Record<string, string>>
  /** Absolute paths to cover, beside those given to `measureIsolation`. */
  readonly hidden: readonly string[]
  /** Absolute paths that stay visible, read-only, even inside a hidden place. */
  readonly readable: readonly string[]
}

/** What `job/run.ts` hands to `spawn`: always detached, so that the process leads a group of its own. */
export interface SpawnPlan {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly channel: Channel
  /** True where the group's leader would take the build down on SIGTERM, before it can end by itself. */
  readonly spareLeader: boolean
}

/**
 * What file descriptor 3 is for. The stages that hold privileges never see the build's environment (think
 * of `LD_PRELOAD`), and a secret never stands in a command line: the environment arrives there as shell
 * text, is read after the last privilege is gone, and descriptor 4 then says that the build has started.
 * At level `none` the descriptor is a life line: it closes with the runner, and the group is killed.
 */
export type Channel =
  | { readonly kind: 'environment'; readonly text: string }
  | { readonly kind: 'life-line' }

/** Isolation that was asked for cannot be had. The message is one sentence of cause, one of remedy. */
export class IsolationError extends Error {
  override readonly name = 'IsolationError'
}
