import { afterEach, expect, test } from 'vitest'
import { temporaryProject, type TemporaryProject } from '../../../../test/kit/project.ts'
import { runNorrix } from '../../../../test/kit/run-norrix.ts'

const projects: TemporaryProject[] = []
afterEach(() => projects.splice(0).forEach((project) => project.remove()))

const proposal = async (files: Readonly<Record<string, string>>) => {
  const made = temporaryProject(files)
  projects.push(made)
  const { code, stdout, stderr } = await runNorrix(['init', '-n', '--json'], {
    cwd: made.path,
    here: true,
  })
  expect(code, stdout + stderr).toBe(0)
  return JSON.parse(stdout) as {
    file: string
    kind: string | null
    config: Record<string, unknown>
  } // what init says it wrote
}

const release = '$(test $NORRIX_BUILD_TYPE = release && echo --release)'
const assemble = 'assemble$(test $NORRIX_BUILD_TYPE = release && echo Release || echo Debug)'
test.each<[string, Record<string, string>, Record<string, unknown>]>([
  [
    'NativeScript',
    {
      'package.json': '{"name":"@acme/hello","version":"2.1.0"}',
      'package-lock.json': '{}',
      'nativescript.config.ts': "export default { id: 'org.example.hello', appPath: 'app' }",
    },
    {
      name: 'hello',
      version: '2.1.0',
      android: {
        bundleId: 'org.example.hello',
        command: `npm ci && npx ns build android ${release} --copy-to build/app.apk`,
        artifacts: ['build/*.apk'],
      },
      ios: { command: expect.stringContaining('--for-device --copy-to build/app.ipa') },
    },
  ],
  [
    'Capacitor',
    {
      'package.json': '{"dependencies":{"@capacitor/core":"7"},"scripts":{"build":"vite build"}}',
      'capacitor.config.json': '{"appId":"org.example.cap","appName":"Cap App"}',
      'android/gradlew': '',
    },
    {
      name: 'Cap App',
      android: {
        bundleId: 'org.example.cap',
        command: `npm install && npm run build && npx cap sync android && (cd android && ./gradlew ${assemble})`,
        artifacts: ['android/app/build/outputs/apk/**/*.apk'],
      },
    },
  ],
  [
    'React Native',
    {
      'package.json': '{"name":"rn","dependencies":{"react-native":"0.80.0"}}',
      'yarn.lock': '',
      'android/gradlew': '',
      'android/app/build.gradle':
        'apply plugin: "com.android.application"\nandroid { defaultConfig { applicationId "org.example.rn"\n versionCode 3\n versionName "0.3" } }',
      'ios/Rn.xcworkspace/contents.xcworkspacedata': '',
      'ios/Rn.xcodeproj/project.pbxproj':
        'PRODUCT_BUNDLE_IDENTIFIER = org.example.rn;\nPRODUCT_BUNDLE_IDENTIFIER = org.example.rnTests;',
    },
    {
      version: '0.3',
      buildNumber: 3,
      android: {
        bundleId: 'org.example.rn',
        artifacts: ['android/app/build/outputs/apk/**/*.apk'],
      },
      ios: {
        bundleId: 'org.example.rn',
        command: expect.stringContaining('-workspace ios/Rn.xcworkspace -scheme Rn'),
      },
    },
  ],
  [
    'Flutter',
    {
      'pubspec.yaml':
        'name: flutt\nversion: 1.2.3+45\nenvironment:\n  sdk: ^3.0.0\nflutter:\n  uses-material-design: true\n',
      'android/app/build.gradle':
        'android { defaultConfig { applicationId = "org.example.flutt" } }',
    },
    {
      name: 'flutt',
      version: '1.2.3',
      buildNumber: 45,
      android: {
        bundleId: 'org.example.flutt',
        command: 'flutter pub get && flutter build apk --$NORRIX_BUILD_TYPE',
        artifacts: ['build/app/outputs/flutter-apk/*.apk'],
      },
    },
  ],
  [
    'Gradle',
    {
      gradlew: '',
      'settings.gradle.kts': 'rootProject.name = "Hello"\ninclude(":app")\n',
      'app/build.gradle.kts':
        'plugins { id("com.android.application") }\nandroid { defaultConfig {\n  applicationId = "org.example.hello"\n  versionCode = 12\n  versionName = "1.4.0"\n} }\n',
    },
    {
      name: 'Hello',
      version: '1.4.0',
      buildNumber: 12,
      android: {
        bundleId: 'org.example.hello',
        command: `./gradlew ${assemble}`,
        artifacts: ['app/build/outputs/apk/**/*.apk'],
      },
    },
  ],
  [
    'Xcode',
    {
      'My App.xcodeproj/project.pbxproj':
        'SDKROOT = iphoneos; MARKETING_VERSION = 3.1; PRODUCT_BUNDLE_IDENTIFIER = "org.example.my-app";',
    },
    {
      name: 'My App',
      version: '3.1',
      ios: {
        bundleId: 'org.example.my-app',
        command: expect.stringContaining("-project 'My App.xcodeproj' -scheme 'My App'"),
      },
    },
  ],
])('a %s project is known, and what it says plainly is taken over', async (kind, files, config) => {
  const said = await proposal(files)
  expect(said).toMatchObject({ kind, file: 'norrix.config.ts', config })
})
