/** What a project says about itself in `norrix.config.{ts,mjs,json}`. */
export interface NorrixConfig {
  /** The app's name, as lists show it. */
  name: string
  /** The version that users see, such as `1.2.0`. */
  version: string
  /** Higher with each release: `versionCode` on Android, `CFBundleVersion` on iOS. */
  buildNumber: number
  ios?: PlatformConfig
  android?: PlatformConfig
  visionos?: PlatformConfig
}

/** How one platform is built. */
export interface PlatformConfig {
  /** Bundle id or application id, such as `org.example.app`. */
  bundleId?: string
  /** Run by a shell in the project's folder on the runner; `NORRIX_BUILD_TYPE` is `debug` or `release`. */
  command: string
  /** Patterns of the files that the command makes, relative to the project, such as `build/*.apk`. */
  artifacts: string[]
}

/** Gives the configuration back as it is; editors check and complete it on the way. */
export declare function defineConfig(config: NorrixConfig): NorrixConfig
