import { Fault } from '@norrix/contract/fault'
import { pendingSignOutFiles, type PendingSignOuts } from './home/pending-sign-outs.ts'
import { fileSessionStore, type SessionStore } from './home/sessions.ts'
import { settingsFile } from './home/settings.ts'
import { homePaths } from './home/folder.ts'
import { toAscii } from './io/clean.ts'
import { debugText, sayFault, toFault } from './io/fault-text.ts'
import { createIo, type Io } from './io/io.ts'
import { isAutomated, speaksUtf8, type Surroundings } from './io/terminal.ts'
import type { Call } from './needs/call.ts'
import { hasKey } from './needs/credential.ts'
import { readProfile } from './needs/profile.ts'
import { readStorage } from './needs/storage.ts'
import type { Basics } from './needs/basics.ts'
import { createResolver, type Resolver } from './needs/resolve.ts'
import { idleOrg, readArguments } from './program.ts'
import type { CommandRow } from './root.ts'

/**
 * Runs one command from its words to its exit code. Never throws: whatever goes wrong is said.
 *
 * @param words after `norrix`
 * @returns the exit code (product ruling 9)
 */
export async function runCommand(words: readonly string[], around: Surroundings): Promise<number> {
  // Until the words are understood, that is all there is to know about how to speak.
  const io = createIo(around, { json: words.includes('--json'), interactive: () => false })
  try {
    const typed = readArguments(words)
    if (typed.kind === 'run') return await runRow(typed.row, typed.call, around)
    around.stdout.write(speaksUtf8(around) ? typed.text : toAscii(typed.text))
    return 0
  } catch (error) {
    return fail(error, io, around)
  }
}

async function runRow(row: CommandRow, call: Call, around: Surroundings): Promise<number> {
  const json = call.options['json'] === true
  const io = createIo(around, { json, interactive: () => !json && mayAsk(call, around) })
  let resolver: Resolver | undefined
  try {
    resolver = createResolver(basicsOf(call, around, io))
    const idle = idleOrg(row, call)
    if (idle !== undefined) io.talk.marked('warning', idle)
    const { needs, run } = await row.load(call)
    return (await run(await resolver.give(needs))) ?? 0
  } catch (error) {
    io.progress('')
    return fail(resolver?.explain(error) ?? error, io, around)
  } finally {
    await resolver?.settle()
  }
}

/** Product ruling 19: a key or a missing terminal means that nobody is asked. */
function mayAsk({ options }: Call, { env, stdin, stderr }: Surroundings): boolean {
  if (options['nonInteractive'] === true || hasKey(env) || isAutomated(env)) return false
  return stdin.isTTY === true && stderr.isTTY === true
}

function basicsOf(call: Call, around: Surroundings, io: Io): Basics {
  const { env, now } = around
  const profile = readProfile(call, env)
  const paths = homePaths(around, profile.name)
  const notice = (sentence: string): void => io.talk.marked('warning', sentence)
  const settings = settingsFile(paths, notice, now)
  const wanted = readStorage(call, env)
  const sessionsOf = (name: string): SessionStore =>
    fileSessionStore({
      paths: homePaths(around, name),
      profile: name,
      settings,
      env,
      notice,
      now,
      wanted,
    })
  const pendingSignOutsOf = (name: string): PendingSignOuts =>
    pendingSignOutFiles(homePaths(around, name), notice, now)
  return {
    around,
    io,
    call,
    profile,
    paths,
    settings,
    sessions: sessionsOf(profile.name),
    sessionsOf,
    pendingSignOuts: pendingSignOutsOf(profile.name),
    pendingSignOutsOf,
  }
}

function fail(error: unknown, io: Io, around: Surroundings): number {
  // What was under way when Ctrl-C came fails in its own words; the person knows why.
  const isInterrupted =
    around.signal.aborted && !(error instanceof Fault && error.code === 'interrupted')
  const fault = toFault(isInterrupted ? around.signal.reason : error)
  if (around.env['NORRIX_DEBUG'] === '1') io.talk.line(debugText(error))
  return sayFault(io, fault)
}
