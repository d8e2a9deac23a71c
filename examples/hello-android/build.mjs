#!/usr/bin/env node
// Builds app/ into a signed Android app package. `node build.mjs --help` lists the options; README.md has the story.
import { createHash } from 'node:crypto'
import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildApp } from './tools/build-app.mjs'
import { BuildFault } from './tools/fault.mjs'
import { signingIdentity } from './tools/identity.mjs'
import { readSettings, usage } from './tools/settings.mjs'
import { chooseToolchain } from './tools/toolchain.mjs'

const root = dirname(fileURLToPath(import.meta.url))

function main() {
  const settings = readSettings({ argv: process.argv.slice(2), env: process.env, root })
  if (settings.help) return void process.stdout.write(usage)
  const started = performance.now()
  const toolchain = chooseToolchain(settings)
  if (toolchain.note) say('note', toolchain.note)
  say(
    'building',
    `hello-android ${settings.versionName} (${settings.versionCode}) ${settings.buildType}`,
  )
  say('with', toolchain.label)
  const identity = signingIdentity(settings)
  if (identity.made)
    say('key', `new: ${shown(settings.keyFile)} (keep it: an update must have the same signer)`)
  const apk = buildApp({ settings, toolchain, identity, say })
  report(settings, identity.certificate, apk, performance.now() - started)
}

function report({ out }, certificate, apk, milliseconds) {
  say('done', `${shown(out)} in ${(milliseconds / 1000).toFixed(1)} s`)
  say('size', `${apk.length.toLocaleString('en')} bytes`)
  say('sha256', createHash('sha256').update(apk).digest('hex'))
  say('signer', certificate.subject.replaceAll('\n', ', '))
  say('', `sha256 ${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`)
  say('install', `adb install -r ${shown(out)}`)
}

function say(what, text) {
  console.log(`${what.padEnd(10)} ${text}`)
}

function shown(file) {
  const short = relative(process.cwd(), file)
  return short.startsWith('..') ? file : short
}

try {
  main()
} catch (fault) {
  if (!(fault instanceof BuildFault)) throw fault
  console.error(fault.message)
  process.exitCode = fault.exitCode
}
