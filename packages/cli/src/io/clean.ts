import { directions } from '@norrix/contract/text.policy'

/**
 * Text of others, made harmless for a terminal (CWE-150): names, messages and build logs may hold sequences that
 * move the cursor, fill the clipboard or turn the direction of writing.
 */

// Operating system commands and their like run up to BEL or ST; a lone introducer is taken by `controls` (ECMA-48).
const strings =
  /(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c)/g
const sequences = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b[ -/]*[0-~]/g
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** Leaves printable text, tabs and line feeds. A carriage return becomes a line feed where it ends no line. */
export function clean(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(strings, '')
    .replace(sequences, '')
    .replaceAll('\r', '\n')
    .replace(controls, '')
    .replace(directions, '')
}

/** The same for something that has to stay on one line. */
export function cleanLine(text: string): string {
  return clean(text).replaceAll(/[\n\t]+/g, ' ')
}

/** JSON that no terminal acts on; whoever parses it gets every character back. */
export function cleanJson(value: unknown, indent?: number): string {
  const escaped = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return (JSON.stringify(value, null, indent) ?? 'null')
    .replaceAll(/[\u007f-\u009f]/g, escaped)
    .replace(directions, escaped)
}

const ascii: Readonly<Record<string, string>> = {
  '✓': '+',
  '✗': 'x',
  '·': '-',
  '…': '...',
  '│': '|',
  '→': '->',
  '–': '-',
  '’': "'",
}

/** Our own few signs in ASCII, for a terminal that has no UTF-8. */
export function toAscii(text: string): string {
  return text.replaceAll(/[✓✗·…│→–’]/g, (sign) => ascii[sign] ?? sign)
}
