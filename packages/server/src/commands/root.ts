import type { OperatorCommand } from './command.ts'

/** Every command of `norrix-server`: its words, its help and where it is loaded from. Nothing here loads a command. */
export interface CommandRow {
  /** The words typed, with arguments: `<needed>` and `[optional]`. */
  readonly words: string
  readonly summary: string
  readonly options?: readonly OptionRow[]
  /** Lines of further help. */
  readonly notes?: readonly string[]
  readonly examples: readonly string[]
  readonly load: () => Promise<OperatorCommand>
}

export type OptionRow = readonly [flags: string, summary: string]

/** On every command. */
export const globalOptions: readonly OptionRow[] = [
  ['--config <file>', 'configuration (default: NORRIX_SERVER_CONFIG, norrix-server.json)'],
  ['--env <kind>', 'environment: prod (default) or dev; the only one where there is one'],
  ['--json', 'one JSON document on stdout'],
]

/** What a noun is about, for its own help. */
export const nouns: Readonly<Record<string, string>> = {
  users: 'accounts: list, disable, enable, give a new password',
}

export const commandTable: readonly CommandRow[] = [
  {
    words: 'serve',
    summary: 'serve every environment until stopped; also without any word',
    notes: ['The log goes to stdout, one JSON object a line. SIGTERM drains, twice ends at once.'],
    examples: ['norrix-server serve --config /etc/norrix/norrix-server.json'],
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    words: 'check',
    summary: 'look at everything a server stands on, and say all that is wrong',
    notes: ['Safe beside a server that serves. Exit 1 when something is wrong.'],
    examples: ['norrix-server check', 'norrix-server check --env dev --json'],
    load: async () => (await import('./check/check.ts')).check,
  },
  {
    words: 'owner-link',
    summary: 'print a new link by which the first owner takes the server',
    notes: ['It works once, for 15 minutes, and older ones are dead from now on.'],
    examples: ['norrix-server owner-link', 'norrix-server owner-link --env dev'],
    load: async () => (await import('./owner-link.ts')).ownerLink,
  },
  {
    words: 'users list',
    summary: 'list the accounts',
    examples: ['norrix-server users list', 'norrix-server users list --json'],
    load: async () => (await import('./users/list.ts')).usersList,
  },
  {
    words: 'users disable <user>',
    summary: 'disable an account: all of its sessions end at once',
    notes: ['user: its id, or its e-mail address where one account alone has it'],
    examples: ['norrix-server users disable ana@example.com'],
    load: async () => (await import('./users/change.ts')).usersDisable,
  },
  {
    words: 'users enable <user>',
    summary: 'let a disabled account sign in again',
    examples: ['norrix-server users enable user_8fK2mQx1Za'],
    load: async () => (await import('./users/change.ts')).usersEnable,
  },
  {
    words: 'users reset-password <user>',
    summary: 'give an account of this server a new password: its sessions end',
    notes: ['The password is asked for on a terminal, and else is the first line of stdin.'],
    examples: [
      'norrix-server users reset-password ana@example.com',
      'norrix-server users reset-password ana@example.com < new-password',
    ],
    load: async () => (await import('./users/reset-password.ts')).usersResetPassword,
  },
  {
    words: 'runner-token',
    summary: 'add a runner and print its token, once',
    options: [
      ['--org <id>', 'for this organization alone (default: lent to every organization)'],
      ['--name <name>', 'its name until it says its own (default: operator)'],
      ['--remove <id>', 'take such a runner away instead: its token is dead'],
    ],
    examples: [
      'norrix-server runner-token --name mac-mini',
      'norrix-server runner-token --org org_8fK2mQ',
    ],
    load: async () => (await import('./runner-token.ts')).runnerToken,
  },
  {
    words: 'backup <where>',
    summary: 'back up an environment while it serves, into one file',
    options: [['--verify', 'check a backup instead: every hash, and that it is whole']],
    notes: [
      'where: a folder, which gets a file named after the moment, or a new file',
      'It holds the database, every blob and the SECRETS of the environment.',
    ],
    examples: [
      'norrix-server backup /var/backups/norrix',
      'norrix-server backup --verify /var/backups/norrix/norrix-prod-20270131T0300Z.tar',
    ],
    load: async () => (await import('./backup/backup.ts')).backup,
  },
  {
    words: 'restore <backup>',
    summary: 'put a backup where nothing is, every hash checked first',
    notes: ['Empty: the data folder, the folder of blobs, the database on PostgreSQL.'],
    examples: ['norrix-server restore norrix-prod-20270131T0300Z.tar --config new.json'],
    load: async () => (await import('./backup/restore.ts')).restore,
  },
  {
    words: 'rotate <keys>',
    summary: 'rotate signing-keys or cookie-keys while the server serves',
    options: [
      ['--after <time>', 'how long a signing key is only published first (default 5m)'],
      ['--at-once', 'sign with it now and drop the old one: it is in wrong hands'],
    ],
    notes: [
      'A new signing key is published first, then signs; the old one is accepted for',
      'an hour more. Servers notice within seconds; nobody signs in again. Several',
      'servers on one database: rotate on one, then copy its secrets to the others.',
    ],
    examples: ['norrix-server rotate signing-keys', 'norrix-server rotate cookie-keys'],
    load: async () => (await import('./rotate.ts')).rotate,
  },
]
