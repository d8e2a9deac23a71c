import { PlanError } from './backend.ts'
import type { Backend } from './backend.ts'

/**
 * Runs the command that the project's configuration names, whatever builds behind it. One command serves both build
 * types: the runner says which in `NORRIX_BUILD_TYPE`.
 */
export const commandBackend: Backend = {
  name: 'command',
  detect: async ({ platform, configured }) =>
    configured?.command === undefined
      ? undefined
      : `The configuration names a command for ${platform}.`,
  plan: async ({ platform, configured }) => {
    const { command, artifacts } = configured ?? {}
    if (command === undefined || command.trim() === '') {
      throw new PlanError(
        `The configuration names no command for ${platform}. Add \`command\` to it.`,
      )
    }
    if (artifacts === undefined || artifacts.length === 0) {
      throw new PlanError(
        `The configuration does not say what the command for ${platform} makes. Add \`artifacts\`, such as \`build/*.apk\`.`,
      )
    }
    return { backend: 'command', command, artifacts: [...artifacts] }
  },
}
