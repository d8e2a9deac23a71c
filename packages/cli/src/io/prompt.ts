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
  if (!choice) throw left()
  return choice.value
}

/**
 * Asks for any number of choices, at least one.
 *
 * @throws Fault interrupted
 */
export async function chooseSome<T>(question: {
  readonly message: string
  readonly choices: readonly Choice<T>[]
  readonly chosen: readonly T[]
  readonly basics: { readonly around: Surroundings }
}): Promise<readonly T[]> {
  const { multiselect, isCancel } = await import('@clack/prompts')
  const { choices, chosen } = question
  const answer = await multiselect<number>({
    message: question.message,
    options: choices.map(({ label }, index) => ({ value: index, label })),
    initialValues: choices.flatMap(({ value }, index) => (chosen.includes(value) ? [index] : [])),
    required: true,
    output: process.stderr,
    signal: question.basics.around.signal,
  })
  if (isCancel(answer)) throw left()
  return choices.filter((_, index) => answer.includes(index)).map(({ value }) => value)
}

/**
 * Asks for a line of text; Enter alone takes what is proposed.
 *
 * @param question.problem what is wrong with an answer; undefined for nothing
 * @throws Fault interrupted
 */
export async function askText(question: {
  readonly message: string
  readonly proposed: string
  readonly problem: (text: string) => string | undefined
  readonly basics: { readonly around: Surroundings }
}): Promise<string> {
  const { text, isCancel } = await import('@clack/prompts')
  const answer = await text({
    message: question.message,
    initialValue: cleanLine(question.proposed),
    validate: (typed) => question.problem(typed ?? ''),
    output: process.stderr,
    signal: question.basics.around.signal,
  })
  if (isCancel(answer)) throw left()
  return answer.trim()
}

/** Yes or no. @throws Fault interrupted */
export async function agrees(
  message: string,
  { around }: { readonly around: Surroundings },
): Promise<boolean> {
  const { confirm, isCancel } = await import('@clack/prompts')
  const answer = await confirm({ message, output: process.stderr, signal: around.signal })
  if (isCancel(answer)) throw left()
  return answer
}

function left(): Fault {
  return new Fault('interrupted', { message: 'Nothing was chosen; nothing has changed.' })
}

/**
 * Asks for a secret; what is typed is shown as dots, on stderr.
 *
 * @throws Fault interrupted when they leave instead
 */
export async function askPassword(question: {
  readonly message: string
  readonly around: Pick<Surroundings, 'signal'>
}): Promise<string> {
  const { password, isCancel } = await import('@clack/prompts')
  const { message, around } = question
  const typed = await password({
    message: cleanLine(message),
    output: process.stderr,
    signal: around.signal,
  })
  if (isCancel(typed))
    throw new Fault('interrupted', { message: 'Nothing was typed; nothing has changed.' })
  return typed
}
