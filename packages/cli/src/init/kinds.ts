import type { PlatformConfig } from '../define-config.ts'
import { isObject } from '../home/json-file.ts'
import type { Kind, Seen } from './kind.ts'
import { plainly } from './folder.ts'
import { readGradle, type GradleFacts } from './gradle.ts'

/**
 * How projects of each kind are built from a fresh copy. The commands are those of each tool's own documentation; the build
 * type is left to the shell, since `NORRIX_BUILD_TYPE` is known on the runner alone.
 */

const apks = 'build/outputs/apk/**/*.apk'

export const nativescript: Kind = async ({ folder, names, manifest, install }) => {
  const isOne = names.some((name) => /^nativescript\.config\.[jt]s$/.test(name))
  const { nativescript: older } = manifest
  if (!isOne && !isObject(older)) return undefined
  const text =
    (await folder.text('nativescript.config.ts')) + (await folder.text('nativescript.config.js'))
  const olderId = isObject(older) && typeof older['id'] === 'string' ? older['id'] : undefined
  const bundleId = plainly(text, /\bid:\s*['"]([\w.-]+)['"]/) ?? olderId
  const release = '$(test $NORRIX_BUILD_TYPE = release && echo --release)'
  return {
    kind: 'NativeScript',
    platforms: {
      android: part(
        bundleId,
        [install, `npx ns build android ${release} --copy-to build/app.apk`],
        'build/*.apk',
      ),
      ios: part(
        bundleId,
        [install, `npx ns build ios ${release} --for-device --copy-to build/app.ipa`],
        'build/*.ipa',
      ),
    },
  }
}

export const capacitor: Kind = async (seen) => {
  const { folder, names, packages, manifest, install } = seen
  const configs = ['capacitor.config.ts', 'capacitor.config.js', 'capacitor.config.json']
  if (!packages.has('@capacitor/core') && !configs.some((name) => names.includes(name)))
    return undefined
  const text = (await Promise.all(configs.map((name) => folder.text(name)))).join('\n')
  const bundleId = plainly(text, /["']?appId["']?\s*:\s*['"]([\w.-]+)['"]/)
  const { scripts } = manifest
  const web =
    isObject(scripts) && typeof scripts['build'] === 'string' ? 'npm run build' : undefined
  const steps = (platform: string) => [install, web, `npx cap sync ${platform}`]
  return {
    kind: 'Capacitor',
    name: plainly(text, /["']?appName["']?\s*:\s*['"]([^'"]+)['"]/),
    platforms: {
      ...(names.includes('android') && {
        android: part(
          bundleId,
          [...steps('android'), assembleIn('android')],
          `android/app/${apks}`,
        ),
      }),
      ...(names.includes('ios') && {
        ios: part(
          bundleId,
          [...steps('ios'), archive('ios/App/App.xcworkspace', 'App', 'ios')],
          'build/ipa/*.ipa',
        ),
      }),
    },
  }
}

export const reactNative: Kind = async (seen) => {
  const { folder, names, packages, install } = seen
  if (!packages.has('react-native')) return undefined
  const facts = await readGradle(folder, 'android')
  const workspace = workspaceIn(await folder.names('ios'))
  return {
    kind: 'React Native',
    ...facts.numbers,
    platforms: {
      ...(names.includes('android') && {
        android: part(
          facts.applicationId,
          [install, assembleIn('android')],
          `android/${facts.module}/${apks}`,
        ),
      }),
      ...(workspace !== undefined && {
        ios: part(
          await bundleIdIn(seen, `ios/${workspace}.xcodeproj`),
          [
            install,
            '(cd ios && pod install)',
            archive(`ios/${workspace}.xcworkspace`, workspace, 'ios'),
          ],
          'build/ipa/*.ipa',
        ),
      }),
    },
  }
}

export const flutter: Kind = async (seen) => {
  const { folder, names } = seen
  const text = await folder.text('pubspec.yaml')
  if (!/^\s+flutter:|^flutter:/m.test(text)) return undefined
  const { applicationId } = await readGradle(folder, 'android')
  const [, version, number] = /^version:\s*([\w.-]+)(?:\+(\d+))?\s*$/m.exec(text) ?? []
  const steps = ['flutter pub get']
  return {
    kind: 'Flutter',
    name: plainly(text, /^name:\s*(\w+)/m),
    version,
    buildNumber: number === undefined ? undefined : Number(number),
    platforms: {
      ...(names.includes('android') && {
        android: part(
          applicationId,
          [...steps, 'flutter build apk --$NORRIX_BUILD_TYPE'],
          'build/app/outputs/flutter-apk/*.apk',
        ),
      }),
      ...(names.includes('ios') && {
        ios: part(
          await bundleIdIn(seen, 'ios/Runner.xcodeproj'),
          [...steps, 'flutter build ipa --$NORRIX_BUILD_TYPE'],
          'build/ios/ipa/*.ipa',
        ),
      }),
    },
  }
}

export const gradle: Kind = async ({ folder, names }) => {
  if (!names.includes('gradlew')) return undefined
  const facts: GradleFacts = await readGradle(folder, '')
  return {
    kind: 'Gradle',
    name: facts.name,
    ...facts.numbers,
    platforms: { android: part(facts.applicationId, [assembleIn('')], `${facts.module}/${apks}`) },
  }
}

export const xcode: Kind = async (seen) => {
  const { names, folder } = seen
  const workspace = workspaceIn(names)
  const project = names.find((name) => name.endsWith('.xcodeproj'))
  const scheme = workspace ?? project?.replace(/\.xcodeproj$/, '')
  if (scheme === undefined) return undefined
  const text = await folder.text(`${scheme}.xcodeproj/project.pbxproj`)
  const platform = /\bSDKROOT = xros;/.test(text) ? 'visionos' : 'ios'
  const built = archive(
    workspace === undefined ? `${scheme}.xcodeproj` : `${scheme}.xcworkspace`,
    scheme,
    platform,
  )
  const bundleId = await bundleIdIn(seen, `${scheme}.xcodeproj`)
  return {
    kind: 'Xcode',
    name: scheme,
    version: plainly(text, /\bMARKETING_VERSION = ([\w.-]+);/),
    platforms: { [platform]: part(bundleId, [built], 'build/ipa/*.ipa') },
  }
}

function part(
  bundleId: string | undefined,
  steps: readonly (string | undefined)[],
  artifacts: string,
): PlatformConfig {
  const command = steps.filter((step) => step !== undefined).join(' && ')
  return { ...(bundleId !== undefined && { bundleId }), command, artifacts: [artifacts] }
}

/** Gradle's own names of tasks have the build type with a capital. */
function assembleIn(folder: string): string {
  const task = 'assemble$(test $NORRIX_BUILD_TYPE = release && echo Release || echo Debug)'
  return folder === '' ? `./gradlew ${task}` : `(cd ${folder} && ./gradlew ${task})`
}

/** An archive, then a package of it; the project's ExportOptions.plist says how it is signed. */
function archive(file: string, scheme: string, platform: 'ios' | 'visionos'): string {
  const flag = file.endsWith('.xcworkspace') ? '-workspace' : '-project'
  const configuration = '$(test $NORRIX_BUILD_TYPE = release && echo Release || echo Debug)'
  const destination = `'generic/platform=${platform === 'ios' ? 'iOS' : 'visionOS'}'`
  return [
    `xcodebuild archive ${flag} ${quoted(file)} -scheme ${quoted(scheme)} -configuration ${configuration} -destination ${destination} -archivePath build/app.xcarchive`,
    'xcodebuild -exportArchive -archivePath build/app.xcarchive -exportOptionsPlist ExportOptions.plist -exportPath build/ipa',
  ].join(' && ')
}

/** For a shell; names of ours to quote come from names of files. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

function workspaceIn(names: readonly string[]): string | undefined {
  return names.find((name) => name.endsWith('.xcworkspace'))?.replace(/\.xcworkspace$/, '')
}

/** The app's, where all targets but its tests agree; one that is put together from variables says nothing here. */
async function bundleIdIn({ folder }: Seen, project: string): Promise<string | undefined> {
  const text = await folder.text(`${project}/project.pbxproj`)
  const ids = [...text.matchAll(/\bPRODUCT_BUNDLE_IDENTIFIER = "?([\w.-]+)"?;/g)].map(
    ([, id]) => id,
  )
  const own = new Set(ids.filter((id) => id !== undefined && !/tests?$/i.test(id)))
  return own.size === 1 ? [...own][0] : undefined
}
