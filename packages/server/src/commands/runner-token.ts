import { runnersOperator } from '../features/runners/index.ts'
import { textOption, type Call } from './command.ts'
import { withDatabase } from './environment.ts'

/** A runner of the operator's: for one organization, or lent to all of them. */
export function runnerToken(call: Call): Promise<void> {
  const { io } = call
  const removed = textOption(call, 'remove')
  return withDatabase(call, async (opened) => {
    const runners = runnersOperator(opened)
    if (removed !== undefined) {
      await runners.remove(removed)
      io.document({ removed })
      io.talk.marked('done', `The runner ${removed} is removed, and its token is dead.`)
      return
    }
    const orgId = textOption(call, 'org') ?? null
    const name = textOption(call, 'name') ?? 'operator'
    const { id, token } = await runners.add({ orgId, name })
    io.document({ id, orgId, token })
    io.result.line(token)
    io.talk.marked(
      'done',
      `The runner ${id} serves ${orgId ?? 'every organization'}. The token is shown this once.`,
    )
    io.talk.fields([
      {
        label: 'start it',
        value: `NORRIX_RUNNER_TOKEN=… norrix runners start --url ${opened.publicUrl}`,
      },
      { label: 'remove it', value: `norrix-server runner-token --remove ${id}` },
    ])
  })
}
