import { text } from 'node:stream/consumers'

/**
 * A process of its own, started by keyring.ts: reads a question from stdin, asks the machine's keyring, writes the answer to
 * stdout. The module behind it blocks its whole thread for as long as the keyring says nothing (seen with a D-Bus that does
 * not answer), so whoever waits has to be able to end it from outside.
 */

// On Linux the Secret Service or nothing: the kernel's own keyring, which the module falls back to, forgets at the next start.
const options = { linux: { store: 'secret-service' } } as const

type Question =
  | { readonly act: 'read' | 'remove' }
  | { readonly act: 'write'; readonly key: string }

async function answer(question: Question): Promise<object> {
  const { Entry } = await import('@napi-rs/keyring')
  const entry = new Entry('norrix', 'key of sessions', options)
  if (question.act === 'remove') entry.deletePassword()
  if (question.act === 'write') entry.setPassword(question.key)
  return { key: question.act === 'remove' ? null : entry.getPassword() }
}

/** The module's absence is told from a keyring that refuses. */
function failure(error: unknown): object {
  const isMissing =
    error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
  return { error: error instanceof Error ? error.message : String(error), isMissing }
}

const question = JSON.parse(await text(process.stdin)) as Question // keyring.ts wrote it
process.stdout.write(JSON.stringify(await answer(question).catch(failure)))
