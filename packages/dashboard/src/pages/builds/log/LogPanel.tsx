import { memo, useEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import { Button } from '../../../ui/Button.tsx'
import type { Run } from './ansi.ts'
import type { LiveLog, LogLink } from './live.ts'
import { openRuns, type Piece } from './pieces.ts'

const linkWords: Readonly<Record<LogLink, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  broken: 'Connection lost. Trying again…',
  ended: 'Complete',
}

/** A build's log as it comes. It keeps to the end until one scrolls up, and again once one is back there. */
export function LogPanel({
  live: { log, link },
  waiting,
}: {
  readonly live: LiveLog
  /** What stands here while there is nothing to read. */
  readonly waiting: ReactNode
}): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const [follows, setFollows] = useFollowing(box, log.lineCount + log.open.length)
  const isEmpty = log.lineCount === 0 && log.open === ''
  return (
    <section
      aria-label="Log"
      className="overflow-hidden rounded-xl border border-border bg-surface"
    >
      <div className="flex min-h-11 items-center gap-3 border-b border-border px-4 text-[13px] text-muted">
        <span role="status" className="inline-flex items-center gap-2">
          <Dot link={link} />
          {linkWords[link]}
        </span>
        <span className="max-sm:hidden">{log.lineCount.toLocaleString('en')} lines</span>
        <span className="flex-1" />
        <Button
          size="small"
          look={follows ? 'plain' : 'quiet'}
          aria-pressed={follows}
          onClick={() => setFollows(!follows)}
        >
          {follows ? 'Following the end' : 'Follow the end'}
        </Button>
      </div>
      {isEmpty && link !== 'connecting' && <div className="p-4 text-sm text-muted">{waiting}</div>}
      <div
        ref={box}
        // Scrolled by keyboard as well. Read out on demand: a build's log would drown everything else.
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label="Build log"
        className={
          isEmpty
            ? 'hidden'
            : 'max-h-[65vh] min-h-40 overflow-y-auto bg-sunken px-4 py-3 font-mono text-[12.5px] leading-5 -outline-offset-2'
        }
      >
        {log.pieces.map((piece) => (
          <LogPiece key={piece.id} piece={piece} />
        ))}
        <div className="whitespace-pre-wrap">
          <Runs runs={openRuns(log)} />
        </div>
      </div>
    </section>
  )
}

function Dot({ link }: { readonly link: LogLink }): ReactNode {
  const colour =
    link === 'live' ? 'animate-pulse bg-success' : link === 'broken' ? 'bg-danger' : 'bg-control'
  return <span aria-hidden="true" className={`size-2 rounded-full ${colour}`} />
}

const LogPiece = memo(function LogPiece({ piece }: { readonly piece: Piece }): ReactNode {
  return (
    <div
      className="log-piece whitespace-pre-wrap"
      // 20 px a line, for as long as the browser has not laid the piece out.
      style={{ containIntrinsicSize: `auto ${piece.lineCount * 20}px` }}
    >
      <Runs runs={piece.runs} />
    </div>
  )
})

function Runs({ runs }: { readonly runs: readonly Run[] }): ReactNode {
  return runs.map(({ look, text }, place) =>
    look === '' ? (
      text
    ) : (
      <span key={place} className={look}>
        {text}
      </span>
    ),
  )
}

/** Keeps the box at its end while following; scrolling up ends that, scrolling to the end takes it up again. */
function useFollowing(
  box: RefObject<HTMLDivElement | null>,
  growth: number,
): [boolean, (follows: boolean) => void] {
  const [follows, setFollows] = useState(true)
  useEffect(() => {
    if (follows && box.current) box.current.scrollTop = box.current.scrollHeight
  }, [box, follows, growth])
  useEffect(() => {
    const element = box.current
    if (!element) return
    let before = element.scrollTop
    const onScroll = (): void => {
      const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight
      // Only a move upwards is the reader's wish; growth of what is above moves nothing up.
      if (element.scrollTop < before - 4 && fromEnd > 40) setFollows(false)
      if (fromEnd < 8) setFollows(true)
      before = element.scrollTop
    }
    element.addEventListener('scroll', onScroll, { passive: true })
    return () => element.removeEventListener('scroll', onScroll)
  }, [box])
  return [follows, setFollows]
}
