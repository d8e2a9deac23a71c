import { temporaryProject, type TemporaryProject } from '../kit/project.ts'

/**
 * A project that any platform builds by one command of the shell. Its configuration is a module, which every Node that the
 * command line supports can read, and it has installed nothing.
 */
export function projectOf(command: string, artifact = 'out/*'): TemporaryProject {
  const plan = { command, artifacts: [artifact] }
  const facts = { name: 'hello', version: '1.0.0', buildNumber: 1 }
  const config = { ...facts, ios: plan, android: plan, visionos: plan }
  return temporaryProject({
    'norrix.config.mjs': `import { defineConfig } from '@norrix/cli'\nexport default defineConfig(${JSON.stringify(config)})\n`,
  })
}
