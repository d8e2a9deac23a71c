import { expect, test } from 'vitest'
import { describeBrowser, readDevice } from './fields.ts'
import { html, theirs } from './html.ts'
import { safeReturnTo } from './return-to.ts'

const origin = 'https://norrix.example.com'

test.each(['/', '/o/org_1', '/o/x?tab=1#top', '/a/../b', '/@evil.test', '/%2f%2fevil.test'])(
  'a path of ours is kept: %s',
  (path) => {
    const { pathname, search, hash } = new URL(path, origin)
    expect(safeReturnTo(path, origin)).toBe(pathname + search + hash)
  },
)

test.each([
  '//evil.test',
  '/\\evil.test',
  '\\/evil.test',
  'https:evil.test',
  'evil.test',
  '@evil.test',
  '',
  '/\t/evil.test',
  '/\n/evil.test',
  '\u0000/x',
  '/a/..//evil.test',
  'javascript:alert(1)',
  `${origin}/x`,
  `/${'x'.repeat(2001)}`,
  '/．．//evil.test/..//..//x\\',
])('anything else becomes the start page: %j (T5)', (text) => {
  expect(safeReturnTo(text, origin)).toBe('/')
})

test.each([undefined, null])('no address at all becomes the start page: %s', (text) => {
  expect(safeReturnTo(text, origin)).toBe('/')
})

test('every value is escaped, in text and in attributes, and markup of ours is not', () => {
  const evil = `"'><script>alert(1)</script>&amp;`
  const { markup } =
    html`<p title="${evil}">${evil}${theirs(evil)}${false}${undefined}${[html`<b>${1}</b>`]}</p>`
  expect(markup).not.toMatch(/<script|'>|"">/)
  expect(markup).toContain('&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;')
  expect(markup).toContain('<bdi>')
  expect(markup).toContain('<b>1</b>')
})

test.each([
  ['ana-laptop', 'ana-laptop'],
  ['  ana  ', 'ana'],
  ['x'.repeat(65), 'unnamed device'],
  ['a\u001b]52;c;\u0007', 'unnamed device'],
  ['a\u202eb', 'unnamed device'],
  [undefined, 'unnamed device'],
  [['a'], 'unnamed device'],
])('a device called %j is shown as %s', (given, shown) => {
  expect(readDevice(given)).toBe(shown)
})

test.each([
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
    'Safari on macOS',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1',
    'Safari on iOS',
  ],
  ['curl/8', 'Browser on unknown system'],
])('a browser is described in words: %s', (agent, words) => {
  expect(describeBrowser(agent)).toBe(words)
})
