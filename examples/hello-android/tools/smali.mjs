// Reads smali (https://github.com/google/smali), the written form of Android's bytecode, into plain objects.
// It knows what instructions.mjs lists and refuses everything else with file and line; `.registers` too, because with it
// the parameters move into the scratch registers when one forgets to count them, and no tool would say so.
import { BuildFault } from './fault.mjs'
import { instructions } from './instructions.mjs'

const accessFlags = {
  public: 0x1,
  private: 0x2,
  protected: 0x4,
  static: 0x8,
  final: 0x10,
  constructor: 0x10000,
}
const oneType = String.raw`\[*(?:[ZBSCIJFD]|L[^;\s]+;)`
const methodForm = new RegExp(
  String.raw`^(?:(L[^;\s]+;)->)?([\w<>$]+)\(((?:${oneType})*)\)(V|${oneType})$`,
)

/** Gives { type, parent, flags, methods: [{ owner, name, parameters, returns, flags, locals, body }] }. */
export function parseSmali(file, text) {
  const parsed = { type: undefined, parent: undefined, flags: 0, methods: [] }
  let method
  for (const [index, source] of text.split(/\r?\n/).entries()) {
    const line = source.replace(/("(?:[^"\\]|\\.)*")|#.*/g, '$1').trim()
    if (!line) continue
    const fail = (why) => {
      throw new BuildFault(`${file}:${index + 1}: ${why}: ${line}`)
    }
    method = method ? readInMethod(method, line, fail) : readOutside(parsed, line, fail)
  }
  if (method) throw new BuildFault(`${file}: the last method has no ".end method".`)
  if (!parsed.type || !parsed.parent) throw new BuildFault(`${file}: no .class or no .super line.`)
  return parsed
}

/** "(IJ[Ljava/lang/String;)" without its brackets, as a list of types. */
export function typeList(text) {
  return text.match(new RegExp(oneType, 'g')) ?? []
}

/** How many registers values of these types take: long and double take two. */
export function registersFor(types) {
  return types.reduce((count, type) => count + (type === 'J' || type === 'D' ? 2 : 1), 0)
}

export function isStatic(method) {
  return (method.flags & accessFlags.static) !== 0
}

/** Constructors, static and private methods are called directly; the others through the object's class. */
export function isDirect(method) {
  return (method.flags & (accessFlags.static | accessFlags.private | accessFlags.constructor)) !== 0
}

// Gives the method that was opened, if the line opens one.
function readOutside(parsed, line, fail) {
  const [word, ...rest] = line.split(/\s+/)
  if (word === '.class') {
    parsed.type = rest.pop()
    parsed.flags = flagsOf(rest, fail)
  } else if (word === '.super') {
    parsed.parent = rest[0]
  } else if (word === '.method') {
    const method = {
      ...methodOf(rest.pop() ?? '', fail),
      owner: parsed.type,
      flags: flagsOf(rest, fail),
      body: [],
    }
    parsed.methods.push(method)
    return method
  } else if (word !== '.source') {
    fail('not understood outside a method')
  }
  return undefined
}

// Gives the same method, or undefined when the line ends it.
function readInMethod(method, line, fail) {
  const [word, argument] = line.split(/\s+/)
  if (line === '.end method') {
    const last = method.body.at(-1)
    if (!last?.instruction?.name.startsWith('return')) fail('a method must end with a return')
    if (method.locals === undefined) fail('a method needs .locals')
    return undefined
  }
  if (word === '.locals') method.locals = Number(argument)
  else if (word === '.registers') fail('use .locals, which leaves the parameters out of the count')
  else if (word.startsWith(':')) method.body.push({ label: word })
  else method.body.push(readInstruction(word, line.slice(word.length).trim(), fail))
  return method
}

function readInstruction(word, operands, fail) {
  const instruction =
    instructions.get(word) ?? fail('an instruction this small assembler does not know')
  const form =
    /^(?:\{([^}]*)\}|([vp]\d+))?(?:,\s*(.+))?$/.exec(operands) ?? fail('operands not understood')
  const [, list, single, argument] = form
  const registers = (list ?? single ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  if (instruction.registers !== undefined && registers.length !== instruction.registers) {
    fail(`takes ${instruction.registers} register(s)`)
  }
  if (Boolean(argument) !== Boolean(instruction.argument))
    fail(`takes ${instruction.argument ? `a ${instruction.argument}` : 'no argument'}`)
  return { instruction, registers, fail, ...readArgument(instruction, argument, fail) }
}

function readArgument({ argument: kind, numberBits }, text, fail) {
  if (kind === 'method') return { method: methodOf(text, fail) }
  if (kind === 'string') return { string: stringOf(text, fail) }
  if (kind === 'type') return { type: text }
  if (kind === 'label') return { target: text }
  if (kind !== 'number') return {}
  const number = Number(text)
  const limit = 2 ** (numberBits - 1)
  if (!Number.isInteger(number) || number < -limit || number >= limit)
    fail(`the number must fit into ${numberBits} bits`)
  return { number }
}

function methodOf(text, fail) {
  const [, owner, name, parameters, returns] = methodForm.exec(text) ?? fail('not a method')
  return { owner, name, parameters: typeList(parameters), returns }
}

function stringOf(text, fail) {
  if (!/^"[\x20-\x7e]*"$/.test(text)) fail('only quoted ASCII text is understood')
  try {
    return JSON.parse(text)
  } catch {
    return fail('not a quoted text')
  }
}

function flagsOf(words, fail) {
  return words.reduce(
    (flags, word) => flags | (accessFlags[word] ?? fail(`unknown flag "${word}"`)),
    0,
  )
}
