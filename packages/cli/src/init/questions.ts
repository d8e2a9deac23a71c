import { platforms, type Platform } from '@norrix/contract/builds.policy'
import type { PlatformConfig } from '../define-config.ts'
import type { Basics } from '../needs/basics.ts'
import { patternsOf, problemWith, type Draft } from './draft.ts'

/** Has the person at the terminal look through a draft. @throws Fault interrupted */
export async function askAbout(draft: Draft, basics: Basics): Promise<Draft> {
  const { askText, chooseSome } = await import('../io/prompt.ts')
  const ask = (message: string, proposed: string, path: string, read = same) =>
    askText({ message, proposed, basics, problem: (text) => problemWith(path, read(text.trim())) })
  const name = await ask('Name of the app?', draft.name, 'name')
  const version = await ask('Version?', draft.version, 'version')
  const chosen = await chooseSome<Platform>({
    message: 'Platforms?',
    choices: platforms.map((platform) => ({ value: platform, label: platform })),
    chosen: platforms.filter((platform) => draft.platforms[platform] !== undefined),
    basics,
  })
  const parts: Partial<Record<Platform, PlatformConfig>> = {}
  for (const platform of chosen) {
    const found = draft.platforms[platform]
    const command = await ask(
      `Command that builds it for ${platform}?`,
      found?.command ?? '',
      `${platform}.command`,
    )
    const proposed = found?.artifacts.join(', ') ?? ''
    const artifacts = await ask(
      'Files that it makes, as patterns?',
      proposed,
      `${platform}.artifacts`,
      patternsOf,
    )
    parts[platform] = { ...found, command, artifacts: patternsOf(artifacts) }
  }
  return { ...draft, name, version, platforms: parts }
}

const same = (text: string): unknown => text
