import type { Scope } from '@norrix/contract/access.policy'

export type Place = 'shell' | 'github' | 'gitlab'

export interface Snippet {
  readonly text: string
  readonly command: string
  /** What is copied, for the button's name. */
  readonly label: string
}

/**
 * How to use a key in three places. No command holds the key itself: it is pasted where it is asked for, and so gets
 * into no shell history and no file under version control.
 *
 * @param url origin of the environment that the key belongs to
 */
export function snippetsFor(
  url: string,
  scopes: readonly Scope[],
): readonly {
  readonly value: Place
  readonly label: string
  readonly steps: readonly Snippet[]
}[] {
  // With the scope for it, the example does something; every key may ask who it is.
  const command = scopes.includes('build') ? 'norrix build android release -n' : 'norrix whoami'
  return [
    { value: 'shell', label: 'Shell', steps: shell(url) },
    { value: 'github', label: 'GitHub Actions', steps: github(url, command) },
    { value: 'gitlab', label: 'GitLab CI', steps: gitlab(url, command) },
  ]
}

function shell(url: string): readonly Snippet[] {
  return [
    {
      text: 'Paste the key when the shell waits for it; it is not shown and not kept in the history.',
      command: `export NORRIX_API_URL=${url}\nread -rs NORRIX_API_KEY && export NORRIX_API_KEY\nnorrix whoami`,
      label: 'commands for the shell',
    },
  ]
}

function github(url: string, command: string): readonly Snippet[] {
  return [
    {
      text: 'Store the key. The command asks for it and leaves nothing in the history of your shell.',
      command: 'gh secret set NORRIX_API_KEY',
      label: 'command that stores the key',
    },
    {
      text: 'Use it in a step of the workflow.',
      command: [
        `- run: ${command}`,
        '  env:',
        `    NORRIX_API_URL: ${url}`,
        '    NORRIX_API_KEY: ${{ secrets.NORRIX_API_KEY }}',
      ].join('\n'),
      label: 'workflow step',
    },
  ]
}

function gitlab(url: string, command: string): readonly Snippet[] {
  return [
    {
      text: 'Store the key in the project under Settings → CI/CD → Variables, as “masked” and “protected”, by this name.',
      command: 'NORRIX_API_KEY',
      label: 'name of the variable',
    },
    {
      text: 'Use it in a job. GitLab puts the key into its environment by itself.',
      command: [
        'build:',
        '  variables:',
        `    NORRIX_API_URL: ${url}`,
        '  script:',
        `    - ${command}`,
      ].join('\n'),
      label: 'job',
    },
  ]
}
