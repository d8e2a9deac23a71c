import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { countText, durationText } from '@norrix/cli/io/words'
import { Fault } from '@norrix/contract/fault'
import { sizeText } from '@norrix/contract/size.policy'
import { wordOf, type Call } from '../command.ts'
import { configFileOf, withDatabase, type Opened } from '../environment.ts'
import { createArchive } from './archive.ts'
import { fillArchive } from './make.ts'
import type { Manifest } from './manifest.ts'
import { openBackup } from './verify.ts'

export function backup(call: Call): Promise<number> {
  const where = resolve(call.around.cwd, wordOf(call, 0))
  return call.options['verify'] === true ? verify(call, where) : make(call, where)
}

function make(call: Call, where: string): Promise<number> {
  return withDatabase(call, async (opened) => {
    const started = performance.now()
    const madeAt = call.around.now()
    const target = targetOf(where, opened.config.kind, madeAt)
    const manifest = await write(call, opened, { target, madeAt })
    const duration = durationText(performance.now() - started)
    report(call, target, manifest, `Backed up ${manifest.kind} in ${duration}`)
    call.io.talk.marked(
      'warning',
      'It holds the secrets of the server: keep it where you would keep passwords.',
    )
    call.io.talk.fields([
      { label: 'check it', value: `norrix-server backup --verify ${target}` },
      { label: 'use it', value: `norrix-server restore ${target}` },
    ])
    return sayDamage(call, manifest)
  })
}

async function write(
  call: Call,
  { config, publicUrl }: Opened,
  { target, madeAt }: { target: string; madeAt: Date },
): Promise<Manifest> {
  // Beside the target, so that the whole archive gets its name by one rename. mkdtemp makes it for this user alone.
  const stage = mkdtempSync(join(dirname(target), '.norrix-backup-'))
  try {
    const archive = await createArchive(join(stage, 'archive'), madeAt)
    try {
      const source = { config, publicUrl, configFile: configFileOf(call), madeAt }
      const manifest = await fillArchive(archive, source, stage)
      await archive.finish(target)
      return manifest
    } finally {
      await archive.abandon()
    }
  } finally {
    rmSync(stage, { recursive: true, force: true })
  }
}

async function verify(call: Call, file: string): Promise<number> {
  const { manifest } = await openBackup(file)
  report(call, file, manifest, `A whole backup of ${manifest.kind}, made ${manifest.madeAt}`)
  return sayDamage(call, manifest)
}

/** What was broken already when the backup was made: it is in there as it was, and somebody has to know. */
function sayDamage({ io }: Call, { damaged }: Manifest): number {
  for (const sentence of damaged) io.talk.marked('failed', `In the server itself, ${sentence}.`)
  return damaged.length === 0 ? 0 : 1
}

function report({ io }: Call, file: string, manifest: Manifest, headline: string): void {
  const blobs = manifest.files.filter(({ path }) => path.startsWith('blobs/')).length
  const { kind, version, madeAt, damaged } = manifest
  const { size: sizeBytes } = statSync(file)
  io.document({ file, sizeBytes, kind, version, madeAt, blobs, damaged })
  io.result.line(file)
  io.talk.marked('done', `${headline}: ${countText(blobs, 'blob')}, ${sizeText(sizeBytes)}.`)
}

/** @throws Fault file_exists, not_found */
function targetOf(where: string, kind: string, at: Date): string {
  const isFolder = existsSync(where) && statSync(where).isDirectory()
  const moment = at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const target = isFolder ? join(where, `norrix-${kind}-${moment}.tar`) : where
  if (existsSync(target)) {
    throw new Fault('file_exists', {
      message: `${target} is there already; no backup is ever overwritten.`,
      fix: 'name another file, or a folder',
    })
  }
  if (!existsSync(dirname(target))) {
    throw new Fault('not_found', {
      message: `There is no folder ${dirname(target)}.`,
      fix: 'make it first, for this user alone',
    })
  }
  return target
}
