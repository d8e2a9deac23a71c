import { buildStates, buildTypes, platforms } from '@norrix/contract/builds.policy'
import type { Command } from './command.ts'
import type { Call } from './needs/call.ts'
import { keyStorages } from './home/settings.ts'

/** Every command: its words, its help and where it is loaded from when it is called. Nothing here loads a command. */
export interface CommandRow {
  /** The words typed, such as `orgs list`, with arguments: `<needed>` and `[optional]`. */
  readonly words: string
  readonly alias?: string
  readonly summary: string
  /** For an argument that takes nothing else: its values. Said before anything is looked for. */
  readonly choices?: Readonly<Record<string, Choices>>
  readonly options?: readonly OptionRow[]
  /** Flags of `globalOptions` that mean nothing to this one: its help does not show them, and whoever types one is told. */
  readonly without?: readonly GlobalFlag[]
  /** Lines of further help. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
  readonly load: (call: Call) => Promise<Command>
}

export interface Choices {
  readonly called: string
  readonly values: readonly string[]
}

/** `values` are all that a flag takes, for completion; the command itself refuses others. */
export type OptionRow = readonly [flags: string, summary: string, values?: readonly string[]]

export type GlobalFlag = '--org' | '--env' | '--dev' | '--profile'

/** On every command that is not `without` them. */
export const globalOptions: readonly OptionRow[] = [
  ['--org <id>', 'organization for this command'],
  ['--env <name>', 'environment: prod (default), dev, or one of your own'],
  ['--dev', 'short for --env dev'],
  ['--profile <name>', 'sessions of their own, for a second account'],
  ['--json', 'one JSON document on stdout, or one event a line'],
  ['-n, --non-interactive', 'never ask; implied by NORRIX_API_KEY and without a terminal'],
]

/** `norrix --version`: no command, but run like one. */
export const versionRow: CommandRow = {
  words: '--version',
  summary: "print the version, and the server's",
  examples: ['norrix --version'],
  load: async () => (await import('./commands/version.ts')).showVersion,
}

/** What `norrix init` can write. */
export const formats = ['ts', 'mjs', 'json'] as const

/** Shells that `norrix completion` knows. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** What a noun is about, for its own help. */
export const nouns: Readonly<Record<string, string>> = {
  sessions: 'where you are signed in: list, revoke',
  orgs: 'organizations: list them, choose a default',
  builds: 'builds: list, look into, fetch, cancel',
  environments: 'servers that this machine knows by name',
  runners: 'machines that build',
}

export const commandTable: readonly CommandRow[] = [
  {
    words: 'sign-in [server]',
    alias: 'login',
    summary: 'sign in with a browser',
    options: [
      ['--url <origin>', 'the server, once on each machine'],
      ['--browser', "by a browser of this machine's own"],
      ['--device', 'by a code that is typed in a browser anywhere'],
      ['--no-browser', 'by hand: paste what the browser shows at the end'],
      ['--timeout <time>', 'how long to wait (default 5m; with a code, as long as it lives)'],
      ['--callback-port <port>', 'port of this machine for the way back, for tunnels'],
      ['--storage <place>', 'for the key of your sessions: keyring or file', keyStorages],
    ],
    notes: [
      'Without a flag: a browser of this machine, and a code where there is none, as',
      'over SSH, in a container, in a codespace or without a display.',
      'Sessions are encrypted. Their key goes into the keyring of this machine where',
      '@napi-rs/keyring@2.1.2 is installed beside norrix, else into a file.',
    ],
    examples: ['norrix sign-in https://norrix.example.com', 'norrix sign-in --dev'],
    load: async () => (await import('./commands/sign-in.ts')).signIn,
  },
  {
    words: 'sign-out',
    alias: 'logout',
    without: ['--org'],
    summary: 'end the session, here and on the server',
    options: [
      ['--all', 'end the session of every environment on this machine'],
      ['--everywhere', 'end every session of your account, on all devices'],
    ],
    notes: [
      'The server gets 3 seconds; the session goes from this machine in any case, and',
      'the next norrix command tells a server that could not be told. --everywhere',
      'fails where the server cannot be reached. API keys go on working.',
    ],
    examples: ['norrix sign-out', 'norrix sign-out --dev', 'norrix sign-out --everywhere'],
    load: async () => (await import('./commands/sign-out.ts')).signOut,
  },
  {
    words: 'whoami',
    summary: 'say who you are, where, and in which organization',
    options: [['--offline', 'what this machine knows, without asking the server']],
    notes: [
      'What --json prints has a schema: docs/reference/whoami.schema.json. It is the same',
      'for a session, an API key and --offline.',
    ],
    examples: ['norrix whoami', 'norrix whoami --json', 'norrix whoami --offline'],
    load: async ({ options }) =>
      options['offline'] === true
        ? (await import('./commands/whoami-offline.ts')).whoamiOffline
        : (await import('./commands/whoami.ts')).whoami,
  },
  {
    words: 'sessions list',
    without: ['--org'],
    summary: 'list where you are signed in',
    examples: ['norrix sessions list', 'norrix sessions list --json'],
    load: async () => (await import('./commands/sessions/list.ts')).sessionsList,
  },
  {
    words: 'sessions revoke <session>',
    without: ['--org'],
    summary: 'end one of your sessions, on whatever device it is',
    notes: [
      'It is refused from its next request on; to end all of them: norrix sign-out --everywhere',
    ],
    examples: ['norrix sessions revoke ses_4wRt8yQ2nB'],
    load: async () => (await import('./commands/sessions/revoke.ts')).sessionsRevoke,
  },
  {
    words: 'orgs list',
    summary: 'list your organizations',
    examples: ['norrix orgs list'],
    load: async () => (await import('./commands/orgs/list.ts')).orgsList,
  },
  {
    words: 'orgs select [org]',
    summary: 'choose the default organization',
    notes: ['Give an id or a name; on a terminal it asks. Each environment has its own default.'],
    examples: ['norrix orgs select', 'norrix orgs select org_8fK2mQ'],
    load: async () => (await import('./commands/orgs/select.ts')).orgsSelect,
  },
  {
    words: 'orgs current',
    summary: 'say which organization is used, and why',
    examples: ['norrix orgs current', 'norrix orgs current --dev'],
    load: async () => (await import('./commands/orgs/current.ts')).orgsCurrent,
  },
  {
    words: 'environments list',
    without: ['--org', '--env', '--dev'],
    summary: 'list the servers that this machine knows, and who is signed in',
    examples: ['norrix environments list', 'norrix environments list --json'],
    load: async () => (await import('./commands/environments/list.ts')).environmentsList,
  },
  {
    words: 'environments add <name> <server>',
    without: ['--org', '--env', '--dev', '--profile'],
    summary: 'give a server a name, for --env',
    examples: ['norrix environments add staging https://norrix.staging.example.com'],
    load: async () => (await import('./commands/environments/add.ts')).environmentsAdd,
  },
  {
    words: 'environments remove <name>',
    without: ['--org', '--env', '--dev', '--profile'],
    summary: 'forget a server, and sign out there',
    options: [['--yes', 'do not ask, even where you are signed in']],
    examples: ['norrix environments remove staging'],
    load: async () => (await import('./commands/environments/remove.ts')).environmentsRemove,
  },
  {
    words: 'init',
    summary: 'write norrix.config.ts for the project in this folder',
    without: ['--org', '--env', '--dev', '--profile'],
    options: [
      ['--name <name>', "the app's name"],
      ['--app-version <version>', 'the version that users see'],
      ['--build-number <number>', 'higher with each release'],
      ['--bundle-id <id>', 'such as org.example.app'],
      ...platforms.flatMap((platform): OptionRow[] => [
        [`--${platform}-command <command>`, `how it is built for ${platform}`],
        [`--${platform}-artifacts <patterns>`, 'what that makes, with commas between'],
      ]),
      ['--format <format>', 'ts, mjs or json (default ts where Node reads it)', formats],
      ['--force', 'write over the file that is there'],
    ],
    notes: [
      'It knows projects of NativeScript, Capacitor, React Native, Flutter, Gradle and',
      'Xcode. On a terminal it asks; with -n it writes what it proposes.',
    ],
    examples: [
      'norrix init',
      "norrix init -n --android-command 'make apk' --android-artifacts 'out/*.apk'",
    ],
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    words: 'build <platform> <type>',
    summary: 'build the project in this folder',
    choices: {
      platform: { called: 'platform', values: platforms },
      type: { called: 'build type', values: buildTypes },
    },
    options: [
      ['--detach', 'queue it and do not wait'],
      ['--wait-for-runner', 'queue it even where no runner was ever started'],
      ['--queue-timeout <time>', 'how long to wait in the queue (without a terminal 10m)'],
    ],
    notes: [
      'platform: android, ios or visionos · type: debug or release',
      '',
      'The project says how in norrix.config.ts (or .mjs, .json):',
      "  import { defineConfig } from '@norrix/cli'",
      '  export default defineConfig({',
      "    name: 'hello', version: '1.0.0', buildNumber: 1,",
      "    android: { command: 'npm run build', artifacts: ['build/*.apk'] },",
      '  })',
      'What git ignores, what .norrixignore names and what looks like a secret stays.',
    ],
    examples: ['norrix build android release', 'NORRIX_API_KEY=nrx_… norrix build ios release -n'],
    load: async () => (await import('./commands/build.ts')).build,
  },
  {
    words: 'builds list',
    summary: 'list builds, newest first',
    options: [
      ['--platform <platform>', 'android, ios or visionos', platforms],
      ['--state <state>', 'queued, running, succeeded, failed or cancelled', buildStates],
      ['--limit <count>', 'how many, up to 100 (default 20)'],
      ['--after <cursor>', 'go on where a list ended'],
    ],
    examples: ['norrix builds list', 'norrix builds list --state failed --json'],
    load: async () => (await import('./commands/builds/list.ts')).buildsList,
  },
  {
    words: 'builds show <build>',
    summary: 'show one build',
    examples: ['norrix builds show build_6Hq2vT'],
    load: async () => (await import('./commands/builds/show.ts')).buildsShow,
  },
  {
    words: 'builds logs <build>',
    summary: "print a build's log",
    options: [['--follow', 'go on until the build ends']],
    examples: ['norrix builds logs build_6Hq2vT --follow'],
    load: async () => (await import('./commands/builds/logs.ts')).buildsLogs,
  },
  {
    words: 'builds download <build> [artifact]',
    summary: 'fetch what a build made, checked by SHA-256',
    options: [
      ['--out <folder>', 'where to put it (default: here)'],
      ['--force', 'overwrite files of the same name'],
    ],
    examples: ['norrix builds download build_6Hq2vT --out build'],
    load: async () => (await import('./commands/builds/download.ts')).buildsDownload,
  },
  {
    words: 'builds cancel <build>',
    summary: 'cancel a build',
    examples: ['norrix builds cancel build_6Hq2vT'],
    load: async () => (await import('./commands/builds/cancel.ts')).buildsCancel,
  },
  {
    words: 'completion <shell>',
    summary: 'print what makes Tab complete norrix in your shell',
    without: ['--org', '--env', '--dev', '--profile'],
    choices: { shell: { called: 'shell', values: shells } },
    notes: [
      'To install it, once:',
      '  bash   norrix completion bash > ~/.local/share/bash-completion/completions/norrix',
      '  zsh    norrix completion zsh > a folder of $fpath, as a file called _norrix',
      '  fish   norrix completion fish > ~/.config/fish/completions/norrix.fish',
      'or for one session of bash or zsh: source <(norrix completion bash)',
    ],
    examples: ['norrix completion bash', 'norrix completion fish | source'],
    load: async () => (await import('./commands/completion.ts')).completion,
  },
  {
    words: 'runners start',
    without: ['--org', '--profile'],
    summary: 'run builds on this machine, until stopped',
    options: [
      ['--url <origin>', 'the server (default: that of the environment)'],
      ['--platforms <list>', 'what it builds (default android; ios,visionos on a Mac)', platforms],
      ['--name <name>', 'its name (default: the one it was added under)'],
      ['--folder <folder>', 'where it works (default: a folder of its own)'],
      ['--readable <folders>', 'hidden folders that builds may read all the same'],
      ['--pass <names>', 'variables that builds get'],
      ['--allow-no-isolation', 'for a server on this machine alone'],
    ],
    notes: ['The token comes from NORRIX_RUNNER_TOKEN or stdin: Dashboard → Runners → Add runner.'],
    examples: ['NORRIX_RUNNER_TOKEN=nrr_… norrix runners start --url https://norrix.example.com'],
    load: async () => (await import('./commands/runners/start.ts')).runnersStart,
  },
]
