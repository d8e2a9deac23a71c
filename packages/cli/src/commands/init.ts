import { readdir } from 'node:fs/promises'
import { platforms } from '@norrix/contract/builds.policy'
import { Fault } from '@norrix/contract/fault'
import { command } from '../command.ts'
import { detect } from '../init/detect.ts'
import { configOf, draftOf, type Draft } from '../init/draft.ts'
import { configText, writeConfig, type Format } from '../init/write.ts'
import { formats } from '../root.ts'
import type { Basics } from '../needs/basics.ts'
import { textOption } from '../needs/call.ts'
import { fileNames, runsTypeScript } from '../project/project.ts'

/** Writes the configuration of the project in this folder. Nothing is sent anywhere, and nothing of the project is run. */
export const init = command([], async (basics) => {
  const { around, io, call } = basics
  const target = await targetOf(basics)
  const found = await detect(around.cwd)
  const proposed = draftOf(found, call)
  if (io.isInteractive && found.kind !== undefined)
    io.talk.line(`This looks like a ${found.kind} project.`)
  const config = configOf(io.isInteractive ? await asked(proposed, basics) : proposed)
  const text = configText(config, target.format)
  io.talk.quoted(text.trimEnd())
  if (io.isInteractive && !(await agreed(target.name, basics)))
    throw new Fault('interrupted', { message: 'Nothing was written.' })
  await writeConfig({ folder: around.cwd, ...target }, text)
  io.document({ file: target.name, kind: found.kind ?? null, config })
  const what = found.kind === undefined ? '' : `, for a ${found.kind} project`
  io.result.marked('done', `Wrote ${target.name}${what}.`)
  const first = (['android', ...platforms] as const).find((one) => config[one] !== undefined)
  io.result.fields([
    { label: 'look', value: 'the commands run on the runner, in a fresh copy of this folder' },
    { label: 'next', value: `norrix build ${first} debug` },
  ])
})

interface Target {
  readonly name: string
  readonly format: Format
  readonly replaces: boolean
}

/** Where to write, and as what. @throws Fault file_exists, usage */
async function targetOf({ around, call }: Basics): Promise<Target> {
  const typed = readFormat(textOption(call, 'format'))
  const names = await readdir(around.cwd)
  const there = fileNames.find((name) => names.includes(name))
  const usual = runsTypeScript(around.nodeVersion) ? 'ts' : 'mjs'
  if (typed === 'ts' && usual !== 'ts') {
    throw new Fault('usage', {
      message: `This Node, ${around.nodeVersion}, does not read norrix.config.ts.`,
      fix: 'leave --format out, or use Node 22.18 or newer',
    })
  }
  const format = typed ?? formats.find((one) => there?.endsWith(`.${one}`)) ?? usual
  const name = `norrix.config.${format}`
  if (there === undefined) return { name, format, replaces: false }
  if (there === name && call.options['force'] === true) return { name, format, replaces: true }
  throw new Fault('file_exists', {
    message: `${there} is there already. Nothing was written.`,
    fix:
      there === name
        ? `change it by hand, or norrix init --force writes over it`
        : `remove ${there} first`,
  })
}

function readFormat(text: string | undefined): Format | undefined {
  const format = formats.find((one) => one === text)
  if (text === undefined || format !== undefined) return format
  throw new Fault('usage', {
    message: `There is no format ${text.slice(0, 40)}.`,
    fix: `formats are ${formats.join(', ')}`,
  })
}

// A person's questions are loaded when there is a person.
async function asked(draft: Draft, basics: Basics): Promise<Draft> {
  return (await import('../init/questions.ts')).askAbout(draft, basics)
}

async function agreed(name: string, basics: Basics): Promise<boolean> {
  return (await import('../io/prompt.ts')).agrees(`Write ${name}?`, basics)
}
