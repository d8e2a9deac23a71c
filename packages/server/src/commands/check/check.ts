import type { Mark } from '@norrix/cli/io/io'
import type { EnvironmentConfig } from '../../config.ts'
import { textOption, type Call } from '../command.ts'
import { environmentOf, environmentsOf, urlOf } from '../environment.ts'
import { checkDatabase } from './database.ts'
import { checkDisk } from './disk.ts'
import type { Finding } from './finding.ts'
import { checkNetwork } from './network.ts'

const marks: Readonly<Record<Finding['verdict'], Mark>> = {
  fine: 'done',
  warning: 'warning',
  wrong: 'failed',
}

/** Looks at everything an environment stands on, a server serving or not, and says all of it at once. */
export async function check(call: Call): Promise<number> {
  const named = textOption(call, 'env') !== undefined
  const configs = named ? [environmentOf(call)] : environmentsOf(call)
  const environments = []
  for (const config of configs) {
    const findings = await findingsOf(call, config)
    environments.push({ kind: config.kind, findings })
    show(call, config, findings)
  }
  call.io.document({ environments })
  const all = environments.flatMap(({ findings }) => findings)
  return all.some(({ verdict }) => verdict === 'wrong') ? 1 : 0
}

async function findingsOf({ around }: Call, config: EnvironmentConfig): Promise<Finding[]> {
  return [
    ...(await checkDisk(config)),
    ...(await checkDatabase(config, around.now())),
    ...(await checkNetwork(config, urlOf(config))),
  ]
}

function show({ io }: Call, config: EnvironmentConfig, findings: readonly Finding[]): void {
  io.result.line(`${config.kind}  ${urlOf(config)}`)
  for (const { verdict, about, text, fix } of findings) {
    io.result.marked(marks[verdict], `${about.padEnd(9)} ${text}`)
    if (fix !== undefined) io.result.fields([{ label: 'fix', value: fix }])
  }
}
