import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const page = new URL('docs/authentication.md', root)
const text = readFileSync(page, 'utf8')
const footnotes = [...text.matchAll(/^\[\^([\w-]+)\]: \[(.+)\]\((\S+)\)$/gm)].map(
  ([, label = '', title = '', path = '']) => ({
    label,
    title,
    file: fileURLToPath(new URL(path, page)),
  }),
)

/** The titles that a test file gives its tests, in single quotes, as `oxfmt` leaves them. */
function titlesIn(file: string): string[] {
  const source = readFileSync(file, 'utf8')
  const named = source.matchAll(/^ *test\(\s*'((?:[^'\\]|\\.)+)',/gm)
  return [...named].map(([, title = '']) => title.replaceAll(/\\(.)/g, '$1'))
}

test('every test that docs/authentication.md names is there under that title', () => {
  expect(footnotes.length).toBeGreaterThan(0)
  for (const { title, file } of footnotes) expect(titlesIn(file)).toContain(title)
})

test('every test of the page this project started from is named in docs/authentication.md', () => {
  const titles = titlesIn(fileURLToPath(new URL('authentication.test.ts', import.meta.url)))
  const named = footnotes.map(({ title }) => title)
  expect(named).toEqual(expect.arrayContaining(titles))
  expect(titles.length).toBeGreaterThan(20)
})

test('every statement with a number has its footnote, and every footnote a statement', () => {
  const used = [...text.matchAll(/\[\^([\w-]+)\](?!:)/g)].map(([, label = '']) => label)
  expect([...new Set(used)].toSorted()).toEqual(footnotes.map(({ label }) => label).toSorted())
})

test('what has not been built stands under "Not yet" in docs/authentication.md and in the README', () => {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  for (const each of [text, readme]) {
    const [, notYet = ''] = /^## Not yet\n([^]*?)(?=^## |^\[\^|(?![^]))/m.exec(each) ?? []
    expect(notYet).toContain('`norrix submit`')
    expect(notYet).toContain('`norrix update`')
  }
})
