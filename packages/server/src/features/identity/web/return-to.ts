/**
 * Where to go after a sign-in: a path of our own origin, or `/` (T5). The text is parsed as the browser will parse it and
 * judged by its origin, never by how it begins.
 *
 * @param origin our own origin
 */
export function safeReturnTo(text: string | null | undefined, origin: string): string {
  // Only a path is taken, so that not even our own origin is ever named by somebody else.
  if (!text || text.length > 2000 || !text.startsWith('/')) return '/'
  // Browsers drop tabs and line breaks and read a backslash as a slash (WHATWG URL section 4.4).
  if (/[\\\p{Cc}]/u.test(text)) return '/'
  const url = URL.parse(text, origin)
  if (!url || url.origin !== origin || url.username !== '' || url.password !== '') return '/'
  // `/a/..//evil` is our own path here and another host for whoever resolves it again.
  return url.pathname.startsWith('//') ? '/' : `${url.pathname}${url.search}${url.hash}`
}
