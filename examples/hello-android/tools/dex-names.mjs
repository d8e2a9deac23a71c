// A dex file refers to strings, types, prototypes and methods by number. This collects all of them from the parsed
// classes and numbers them in the order that Android's verifier demands.
import { BuildFault } from './fault.mjs'

/** Gives sorted lists (`strings`, `types`, `prototypes`, `methods`) and `number`, which finds a thing's place in its list. */
export function numberNames(classes) {
  const used = collect(classes)
  const strings = [...used.strings].sort(byText)
  const stringNumber = places(strings)
  const types = [...used.types].sort((a, b) => stringNumber.get(a) - stringNumber.get(b))
  const typeNumber = places(types)
  const prototypes = [...used.prototypes.values()].sort((a, b) =>
    compareLists(prototypeOrder(a, typeNumber), prototypeOrder(b, typeNumber)),
  )
  const prototypeNumber = places(prototypes.map(prototypeKey))
  const methodOrder = (m) => [
    typeNumber.get(m.owner),
    stringNumber.get(m.name),
    prototypeNumber.get(prototypeKey(m)),
  ]
  const methods = [...used.methods.values()].sort((a, b) =>
    compareLists(methodOrder(a), methodOrder(b)),
  )
  const methodNumber = places(methods.map(methodKey))
  refuseTooMany({ strings, types, prototypes, methods })
  return {
    strings,
    types,
    prototypes,
    methods,
    number: {
      string: (text) => stringNumber.get(text),
      type: (type) => typeNumber.get(type),
      prototype: (method) => prototypeNumber.get(prototypeKey(method)),
      method: (method) => methodNumber.get(methodKey(method)),
    },
  }
}

/** The short form of a prototype: one letter each for the result and the parameters, "L" for every object and array. */
export function shortForm({ returns, parameters }) {
  return [returns, ...parameters].map((type) => (/^[L[]/.test(type) ? 'L' : type)).join('')
}

function collect(classes) {
  const used = { strings: new Set(), types: new Set(), prototypes: new Map(), methods: new Map() }
  for (const one of classes) {
    for (const type of [one.type, one.parent]) useType(used, type)
    for (const method of one.methods) {
      useMethod(used, method)
      for (const step of method.body) useStep(used, step)
    }
  }
  return used
}

function useStep(used, step) {
  if (step.method) useMethod(used, step.method)
  if (step.type) useType(used, step.type)
  if (step.string !== undefined) used.strings.add(step.string)
}

function useMethod(used, method) {
  for (const type of [method.owner, method.returns, ...method.parameters]) useType(used, type)
  used.strings.add(method.name)
  used.strings.add(shortForm(method))
  used.prototypes.set(prototypeKey(method), method)
  used.methods.set(methodKey(method), method)
}

function useType(used, type) {
  used.types.add(type)
  used.strings.add(type)
}

function prototypeKey({ parameters, returns }) {
  return `(${parameters.join('')})${returns}`
}

function methodKey(method) {
  return `${method.owner}->${method.name}${prototypeKey(method)}`
}

// By result first, then by parameters from left to right; the shorter of two equal beginnings first.
function prototypeOrder({ returns, parameters }, typeNumber) {
  return [returns, ...parameters].map((type) => typeNumber.get(type))
}

function compareLists(a, b) {
  const at = a.findIndex((value, index) => value !== b[index])
  if (at === -1) return a.length - b.length
  return at >= b.length ? 1 : a[at] - b[at]
}

function byText(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}

function places(list) {
  return new Map(list.map((item, index) => [item, index]))
}

function refuseTooMany(lists) {
  for (const [kind, list] of Object.entries(lists)) {
    if (list.length > 0xffff)
      throw new BuildFault(
        `More than 65,535 ${kind} do not fit into one dex file of this assembler.`,
      )
  }
}
