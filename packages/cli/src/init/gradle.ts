import { plainly, type Folder } from './folder.ts'

/** What a Gradle project says plainly; what it computes is left out. */
export interface GradleFacts {
  /** Of the settings file. */
  readonly name: string | undefined
  /** The folder of the app; `app` unless another one declares an application. */
  readonly module: string
  readonly applicationId: string | undefined
  readonly numbers: { readonly version?: string; readonly buildNumber?: number }
}

/** @param sub the folder that holds `gradlew`; empty for the project's own */
export async function readGradle(folder: Folder, sub: string): Promise<GradleFacts> {
  const at = (name: string) => (sub === '' ? name : `${sub}/${name}`)
  const either = async (name: string) =>
    (await folder.text(at(name))) || folder.text(at(`${name}.kts`))
  const candidates = ['app', ...(await folder.names(sub))].filter((name) => /^[\w-]+$/.test(name))
  let module = 'app'
  let text = ''
  for (const name of candidates) {
    const script = await either(`${name}/build.gradle`)
    if (!/com\.android\.application|\bapplicationId\b|android\.application\)/.test(script)) continue
    ;[module, text] = [name, script]
    break
  }
  const manifest = await folder.text(at(`${module}/src/main/AndroidManifest.xml`))
  const version = plainly(text, /\bversionName\s*=?\s*['"]([^'"$]+)['"]/)
  const code = plainly(text, /\bversionCode\s*=?\s*(\d{1,10})\b/)
  return {
    name: plainly(await either('settings.gradle'), /\brootProject\.name\s*=\s*['"]([^'"$]+)['"]/),
    module,
    applicationId:
      plainly(text, /\bapplicationId\s*=?\s*['"]([\w.]+)['"]/) ??
      plainly(text, /\bnamespace\s*=?\s*['"]([\w.]+)['"]/) ??
      plainly(manifest, /<manifest\b[^>]*\bpackage="([\w.]+)"/),
    numbers: {
      ...(version !== undefined && { version }),
      ...(code !== undefined && { buildNumber: Number(code) }),
    },
  }
}
