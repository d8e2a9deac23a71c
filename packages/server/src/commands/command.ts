import type { Io } from '@norrix/cli/io/io'
import type { Surroundings } from '@norrix/cli/io/terminal'
import { Fault } from '@norrix/contract/fault'

/** What a command of an operator may know of the process. */
export type OperatorSurroundings = Pick<
  Surroundings,
  'env' | 'cwd' | 'platform' | 'stdin' | 'stdout' | 'stderr' | 'now' | 'signal'
>

/** What every command of `norrix-server` gets. */
export interface Call {
  readonly io: Io
  readonly around: OperatorSurroundings
  /** The clone, or the folder the package was installed to. */
  readonly root: string
  /** The words behind the command's own, in their order. */
  readonly words: readonly (string | undefined)[]
  readonly options: Readonly<Record<string, unknown>>
}

/** @returns the exit code; nothing means 0 */
export type OperatorCommand = (call: Call) => Promise<number | void>

/** The value of a flag, where it was typed. */
export function textOption({ options }: Call, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** An argument that the command's words demand, so that it is there. */
export function wordOf({ words }: Call, index: number): string {
  return words[index] ?? ''
}

export function usage(message: string, fix: string): Fault {
  return new Fault('usage', { message, fix })
}
