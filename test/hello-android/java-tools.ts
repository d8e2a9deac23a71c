// javac and java, for the tests that run the example's code against recording stubs of Android.
import { mkdirSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { exampleFolder, run } from './example.ts'

const sources = join(import.meta.dirname, 'java')

/** Compiles the stubs into `target`; `withRunner` adds the class that starts an activity. */
export function compileStubs(target: string, withRunner: boolean): void {
  const runner = withRunner ? javaFiles(join(sources, 'run')) : []
  javac(target, [...javaFiles(join(sources, 'stubs')), ...runner])
}

export function compileExample(target: string, stubs: string): void {
  javac(target, javaFiles(join(exampleFolder, 'app', 'src')), ['-classpath', stubs])
}

/** Starts the example's activity on the JVM and gives the calls it makes, a line each. */
export function callsOf(classes: string, stubs: string, filesFolder: string): string[] {
  const classpath = [classes, stubs].join(delimiter)
  const args = [`-Dfiles=${filesFolder}`, '-classpath', classpath, 'StartActivity']
  const { exitCode, stdout, stderr } = run('java', [...args, 'org.norrix.hello.MainActivity'])
  if (exitCode !== 0) throw new Error(stderr)
  return stdout.trim().split('\n')
}

function javac(target: string, files: readonly string[], more: readonly string[] = []): void {
  mkdirSync(target, { recursive: true })
  const args = ['-nowarn', '-Xlint:-options', '--release', '8', '-d', target, ...more, ...files]
  const { exitCode, stderr } = run('javac', args)
  if (exitCode !== 0) throw new Error(stderr)
}

function javaFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.java')).map((name) => join(folder, name))
}
