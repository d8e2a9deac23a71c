import { builds } from '@norrix/contract/builds.operations'
import type { Build, LogEvent } from '@norrix/contract/types'
import { useEffect, useState } from 'react'
import { addressOf } from '../../../api.ts'
import { append, emptyLog, type LogText } from './pieces.ts'

export type LogLink = 'connecting' | 'live' | 'broken' | 'ended'

export interface LiveLog {
  readonly log: LogText
  readonly link: LogLink
}

// Text is gathered for so long before the page is drawn again: a flood costs 12 drawings a second, not thousands.
const gatherMs = 80
const pauseMs = { first: 1_000, longest: 15_000 }

/** What following a log needs to hand on. */
interface Listener {
  readonly onText: (text: string) => void
  readonly onBuild: (build: Build) => void
  readonly onLink: (link: LogLink) => void
}

/**
 * A build's log from its first byte on, live until the build ends. A lost connection is made again from where the
 * log had come to, with growing pauses.
 *
 * @param onBuild called with each new state of the build, and after a lost connection; must not change between calls
 */
export function useLiveLog(
  orgId: string,
  buildId: string,
  onBuild: (build: Build | undefined) => void,
): LiveLog {
  const [live, setLive] = useState<LiveLog>({ log: emptyLog, link: 'connecting' })
  useEffect(() => {
    setLive({ log: emptyLog, link: 'connecting' })
    let gathered = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    const flush = (): void => {
      const text = gathered
      gathered = ''
      timer = undefined
      setLive((old) => ({ ...old, log: append(old.log, text) }))
    }
    const stop = follow(orgId, buildId, {
      onText: (text) => {
        gathered += text
        timer ??= setTimeout(flush, gatherMs)
      },
      onBuild,
      onLink: (link) => {
        setLive((old) => ({ ...old, link }))
        // Asking for the build tells an ended session from a lost connection, which a stream cannot.
        if (link === 'broken') onBuild(undefined)
      },
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [orgId, buildId, onBuild])
  return live
}

/** Opens the stream, and again whenever it breaks. The result closes it for good. */
function follow(orgId: string, buildId: string, listener: Listener): () => void {
  let source: EventSource | undefined
  let retry: ReturnType<typeof setTimeout> | undefined
  let from = 0
  let pause = pauseMs.first
  const open = (): void => {
    source = new EventSource(addressOf(builds.log, { orgId, buildId }, { from: String(from) }))
    source.addEventListener('open', () => listener.onLink('live'))
    source.addEventListener('message', (message: MessageEvent<string>) => {
      pause = pauseMs.first
      // The server has checked the event against the operation's shape.
      const event = JSON.parse(message.data) as LogEvent
      if (event.type === 'log') {
        from = event.nextOffset
        listener.onText(event.text)
      }
      if (event.type === 'state') listener.onBuild(event.build)
      if (event.type === 'end') {
        source?.close()
        listener.onLink('ended')
      }
    })
    source.addEventListener('error', () => {
      // The browser's own way of connecting again would start from the first address: from zero.
      source?.close()
      listener.onLink('broken')
      retry = setTimeout(open, pause)
      pause = Math.min(pause * 2, pauseMs.longest)
    })
  }
  open()
  return () => {
    source?.close()
    clearTimeout(retry)
  }
}
