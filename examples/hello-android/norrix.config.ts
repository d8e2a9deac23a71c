import { defineConfig } from '@norrix/cli'

export default defineConfig({
  name: 'hello-android',
  version: '1.2.0',
  buildNumber: 7,
  android: {
    bundleId: 'org.norrix.hello',
    command: 'node build.mjs --build-type $NORRIX_BUILD_TYPE',
    artifacts: ['build/*.apk'],
  },
})
