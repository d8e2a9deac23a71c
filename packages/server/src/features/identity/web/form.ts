import type { IncomingMessage } from 'node:http'
import { Fault } from '@norrix/contract/fault'

/** Forms of ours are small. */
const formBytesMax = 16 * 1024

/**
 * Reads a posted form. A field that comes twice counts as its first.
 *
 * @throws Fault unsupported_media, too_large, bad_request
 */
export async function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new Fault('unsupported_media', {
      message: 'This address takes a form and nothing else.',
      fix: 'open the page in a browser',
    })
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > formBytesMax) {
      throw new Fault('too_large', { message: 'The form is larger than 16 KiB.' })
    }
    chunks.push(chunk)
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
    return new URLSearchParams(text)
  } catch (cause) {
    throw new Fault('bad_request', { message: 'The form is not valid UTF-8.', cause })
  }
}
