// The build itself, in four steps: resources and manifest, code, package, signature. Each step is done either by the
// Android SDK's program or by a file of this folder; the result is installed over --out only when all of it is there.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { signPackage } from './apk-signature.mjs'
import { assemble } from './dex.mjs'
import { runTool } from './run-tool.mjs'
import { packZip, readZip } from './zip.mjs'

/** Gives the bytes of the finished app package. `say` gets one short line for each step done. */
export function buildApp({ settings, toolchain, identity, say }) {
  mkdirSync(dirname(settings.out), { recursive: true })
  const work = mkdtempSync(join(dirname(settings.out), '.work-'))
  const job = { settings, toolchain, identity, say, inWork: (name) => join(work, name) }
  try {
    const entries = [
      ...linkResources(job),
      { name: 'classes.dex', data: compileCode(job), stored: false },
    ]
    const finished = toolchain.kind === 'sdk' ? signWithSdk(job, entries) : signHere(job, entries)
    renameSync(finished, settings.out)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return readFileSync(settings.out)
}

function linkResources({ settings, toolchain, say, inWork }) {
  const { app, buildType } = settings
  const framework = toolchain.androidJar ?? compileNames(settings, toolchain, inWork)
  const options = toolchain.androidJar ? {} : { explain: explainMissingName }
  runTool(toolchain.aapt2, ['compile', '--dir', join(app, 'res'), '-o', inWork('res.zip')])
  const link = [
    'link',
    '--manifest',
    join(app, 'AndroidManifest.xml'),
    '-I',
    framework,
    '-A',
    join(app, 'assets'),
  ]
  const version = [
    '--version-code',
    String(settings.versionCode),
    '--version-name',
    settings.versionName,
  ]
  const levels = [
    '--min-sdk-version',
    String(settings.minSdk),
    '--target-sdk-version',
    String(settings.targetSdk),
  ]
  const debuggable = buildType === 'debug' ? ['--debug-mode'] : []
  runTool(
    toolchain.aapt2,
    [...link, ...version, ...levels, ...debuggable, '-o', inWork('linked.apk'), inWork('res.zip')],
    options,
  )
  const entries = readZip(readFileSync(inWork('linked.apk')))
  say('resources', `${entries.length} files: manifest, resources, assets`)
  return entries
}

// aapt2 only asks its framework for names and numbers, so a table of the few that app/ uses stands for android.jar.
function compileNames({ root }, { aapt2 }, inWork) {
  const names = join(root, 'tools', 'android-names')
  runTool(aapt2, ['compile', '--dir', join(names, 'res'), '-o', inWork('names.zip')])
  runTool(aapt2, [
    'link',
    '--manifest',
    join(names, 'AndroidManifest.xml'),
    '-o',
    inWork('names.apk'),
    inWork('names.zip'),
  ])
  return inWork('names.apk')
}

function explainMissingName(printed) {
  if (!/android:\S+.*not found/.test(printed)) return ''
  return 'Without an Android SDK only the names in tools/android-names/res/values/names.xml are known. Add this one there.'
}

function compileCode(job) {
  const dex = job.toolchain.kind === 'sdk' ? compileJava(job) : assembleSmali(job)
  job.say('code', `classes.dex, ${dex.length.toLocaleString('en')} bytes`)
  return dex
}

function compileJava({ settings, toolchain, inWork }) {
  for (const dir of ['classes', 'dex']) mkdirSync(inWork(dir))
  // --release 8: understood by every javac since 9; newer ones only warn that it is old.
  const java = [
    '-Xlint:-options',
    '--release',
    '8',
    '-classpath',
    toolchain.androidJar,
    '-d',
    inWork('classes'),
  ]
  runTool(toolchain.javac, [...java, ...filesIn(join(settings.app, 'src'), '.java')])
  const mode = settings.buildType === 'debug' ? '--debug' : '--release'
  const d8 = [
    mode,
    '--min-api',
    String(settings.minSdk),
    '--lib',
    toolchain.androidJar,
    '--output',
    inWork('dex'),
  ]
  runTool(toolchain.d8, [...d8, ...filesIn(inWork('classes'), '.class')])
  return readFileSync(join(inWork('dex'), 'classes.dex'))
}

function assembleSmali({ settings }) {
  const files = filesIn(join(settings.app, 'smali'), '.smali')
  return assemble(
    files.map((file) => ({
      file: relative(settings.root, file),
      text: readFileSync(file, 'utf8'),
    })),
  )
}

function signHere({ identity, say, inWork }, entries) {
  const signed = signPackage(packZip(entries), {
    key: identity.key,
    certificate: identity.certificate.raw,
  })
  writeFileSync(inWork('signed.apk'), signed)
  say('signed', 'v2 and v3')
  return inWork('signed.apk')
}

function signWithSdk({ settings, toolchain, identity, say, inWork }, entries) {
  const packed = packZip(entries)
  writeFileSync(inWork('packed.apk'), Buffer.concat([packed.entries, packed.directory, packed.end]))
  writeFileSync(inWork('key.pk8'), identity.key.export({ type: 'pkcs8', format: 'der' }), {
    mode: 0o600,
  })
  copyFileSync(settings.certFile, inWork('cert.pem'))
  runTool(toolchain.zipalign, ['-f', '-p', '4', inWork('packed.apk'), inWork('aligned.apk')])
  const signer = ['--key', inWork('key.pk8'), '--cert', inWork('cert.pem')]
  runTool(toolchain.apksigner, [
    'sign',
    ...signer,
    '--out',
    inWork('signed.apk'),
    inWork('aligned.apk'),
  ])
  runTool(toolchain.apksigner, ['verify', inWork('signed.apk')])
  say('signed', 'and verified by apksigner')
  return inWork('signed.apk')
}

// Sorted: the order in which a disk lists its files must not reach the result.
function filesIn(dir, ending) {
  const found = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  return found
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(dir, name))
}
