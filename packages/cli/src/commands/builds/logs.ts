import { command } from '../../command.ts'
import { followBuild } from './follow.ts'
import { createLogLines } from './log-lines.ts'
import { checkBuildId, eventDocument } from './words.ts'

/** The log is the result: it goes to stdout, without the bar that sets it off in `norrix build`. */
export const buildsLogs = command(
  ['environment', 'credential', 'api', 'org'],
  async ({ api, org, io, call, around }) => {
    const lines = createLogLines(1)
    let state = ''
    for await (const event of followBuild({
      api,
      orgId: org.org.id,
      buildId: checkBuildId(call.words[0]),
      signal: around.signal,
      follow: call.options['follow'] === true,
      onBreak: () => io.talk.marked('warning', 'The connection broke; it is made again.'),
    })) {
      io.event(eventDocument(event))
      if (event.type === 'log') for (const line of lines.add(event.text)) io.result.line(line)
      if (event.type === 'state') state = event.build.state
    }
    for (const line of lines.rest()) io.result.line(line)
    if (state !== '') io.talk.line(`The build is ${state}.`)
  },
)
