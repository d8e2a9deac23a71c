import { Fault } from '@norrix/contract/fault'
import { cleanLine, toAscii } from './clean.ts'
import { speaksUtf8, type Surroundings } from './terminal.ts'

export interface Choice<T> {
  readonly value: T
  readonly label: string
}

/**
 * Asks the person at the terminal to choose with the arrow keys; on stderr, so that stdout stays the result.
 *
 * @throws Fault interrupted when they leave instead
 */
export async function chooseOne<T>(question: {
  readonly message: string
  readonly choices: readonly Choice<T>[]
  readonly basics: { readonly around: Surroundings }
}): Promise<T> {
  const { select, isCancel } = await import('@clack/prompts')
  const { around } = question.basics
  const show = (text: string) => (speaksUtf8(around) ? cleanLine(text) : toAscii(cleanLine(text)))
  const chosen = await select<number>({
    message: question.message,
    options: question.choices.map(({ label }, index) => ({ value: index, label: show(label) })),
    // Asked on stderr: stdout belongs to the result.
    output: process.stderr,
    signal: around.signal,
  })
  const choice = isCancel(chosen) ? undefined : question.choices[chosen]
  if (!choice)
    throw new Fault('interrupted', { message: 'Nothing was chosen; nothing has changed.' })
  return choice.value
}
