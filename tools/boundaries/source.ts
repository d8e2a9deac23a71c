// Reads what one source file imports, without loading it.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync, Visitor, type ParseResult } from 'oxc-parser'

/** How an import binds: loaded at the start, loaded where the line runs, or erased with the types. */
export type ImportKind = 'value' | 'lazy' | 'type'

export type Import = { specifier: string; kind: ImportKind; line: number }

export type Source = {
  /** Path from the root, with `/` between folders. */
  path: string
  lineCount: number
  imports: readonly Import[]
  /** Lines that read process.env. */
  environmentLines: readonly number[]
  /** Lines with an `import()` whose argument is not a plain string. */
  computedLines: readonly number[]
  /** The parser's first complaint, where it had one. */
  syntaxError: string | undefined
}

const folders = ['packages', 'test', 'tools']
const code = /\.(ts|tsx|mjs)$/
const skipped = new Set(['node_modules', 'dist', 'build', 'coverage'])

/** Every source file below `root` that the boundaries speak about, in order of path. */
export function readSources(root: string): Source[] {
  const settings = readdirSync(root).filter((name) => code.test(name))
  const paths = [
    ...settings,
    ...folders
      .filter((folder) => existsSync(join(root, folder)))
      .flatMap((folder) => walk(root, folder)),
  ]
  return paths.toSorted().map((path) => readSource(path, readFileSync(join(root, path), 'utf8')))
}

/** What `text`, the content of `path`, imports; nothing is read from the disk. */
export function readSource(path: string, text: string): Source {
  const result = parseSync(path, text)
  const lineOf = lineFinder(text)
  const lazy = lazyImports(result, text)
  const inTree = needsTree(text, result) ? readTree(result) : { types: [], environment: [] }
  const imports = [...staticImports(result, text), ...lazy.imports, ...inTree.types]
  return {
    path,
    lineCount: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    imports: imports.map(({ specifier, kind, start }) => ({
      specifier,
      kind,
      line: lineOf(start),
    })),
    environmentLines: inTree.environment.map(lineOf),
    computedLines: lazy.computed.map(lineOf),
    syntaxError: result.errors[0]?.message,
  }
}

type Found = { specifier: string; kind: ImportKind; start: number }

function walk(root: string, folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (skipped.has(entry.name) || entry.name.startsWith('.')) return []
    if (entry.isDirectory()) return walk(root, path)
    return code.test(entry.name) ? [path] : []
  })
}

function staticImports({ module }: ParseResult, text: string): Found[] {
  const imports = module.staticImports.map(({ start, moduleRequest }): Found => {
    return { specifier: moduleRequest.value, kind: bindingKind(text, start), start }
  })
  const exports = module.staticExports.flatMap(({ start, entries }) => {
    const request = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest
    if (request === null || request === undefined) return []
    return [{ specifier: request.value, kind: bindingKind(text, start), start }]
  })
  return [...imports, ...exports]
}

/** Only `import type …` and `export type …` vanish whole; `import { type X }` still loads the module. */
function bindingKind(text: string, start: number): ImportKind {
  return /^(import|export)\s+type\s+(?!from\s*['"])/.test(text.slice(start, start + 80))
    ? 'type'
    : 'value'
}

function lazyImports(
  { module }: ParseResult,
  text: string,
): { imports: Found[]; computed: number[] } {
  const imports: Found[] = []
  const computed: number[] = []
  for (const { start, moduleRequest } of module.dynamicImports) {
    const literal = /^(['"`])([^'"`$\\]*)\1$/.exec(
      text.slice(moduleRequest.start, moduleRequest.end),
    )
    if (literal?.[2] === undefined) computed.push(start)
    else imports.push({ specifier: literal[2], kind: 'lazy', start })
  }
  return { imports, computed }
}

/** Walking the tree costs more than all the rest, and few files need it. */
function needsTree(text: string, { module }: ParseResult): boolean {
  if (/\bprocess\b/.test(text) && /\benv\b/.test(text)) return true
  return (text.match(/\bimport\s*\(/g)?.length ?? 0) > module.dynamicImports.length
}

function readTree({ program }: ParseResult): { types: Found[]; environment: number[] } {
  const types: Found[] = []
  const environment: number[] = []
  new Visitor({
    TSImportType(node) {
      types.push({ specifier: node.source.value, kind: 'type', start: node.start })
    },
    MemberExpression(node) {
      if (isProcess(node.object) && nameOf(node.property) === 'env') environment.push(node.start)
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || node.init === null || !isProcess(node.init)) return
      const keys = node.id.properties.map((part) => part.type === 'Property' && nameOf(part.key))
      if (keys.includes('env')) environment.push(node.start)
    },
    ImportDeclaration(node) {
      if (!/^(node:)?process$/.test(node.source.value)) return
      const names = node.specifiers.map(
        (part) => part.type === 'ImportSpecifier' && nameOf(part.imported),
      )
      if (names.includes('env')) environment.push(node.start)
    },
  }).visit(program)
  return { types, environment }
}

type Named = { type: string; name?: unknown; value?: unknown; property?: Named }

function isProcess(node: Named): boolean {
  return node.type === 'Identifier' ? node.name === 'process' : nameOf(node.property) === 'process'
}

/** The name in `x.name`, `x['name']` or a plain identifier. */
function nameOf(node: Named | undefined): unknown {
  return node?.type === 'Identifier' ? node.name : node?.value
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1
}
