// One method's instructions, as the "code item" of a dex file.
import { isStatic, registersFor } from './smali.mjs'

/** Gives { registers, incoming, outgoing, units }: register counts, and the instructions as 16-bit units. */
export function encodeMethod(method, number) {
  const incoming = registersFor(method.parameters) + (isStatic(method) ? 0 : 1)
  const frame = { locals: method.locals, incoming }
  const { steps, labels } = place(method.body)
  const units = steps.flatMap((step) => encodeStep(step, { frame, labels, number }))
  const outgoing = Math.max(
    0,
    ...steps.filter((step) => step.method).map((step) => step.registers.length),
  )
  return { registers: method.locals + incoming, incoming, outgoing, units }
}

// First pass: where each instruction starts, so that jumps to labels further down can be measured.
function place(body) {
  const labels = new Map()
  const steps = []
  let at = 0
  for (const item of body) {
    if (item.label) {
      labels.set(item.label, at)
    } else {
      steps.push({ ...item, at })
      at += item.instruction.units
    }
  }
  return { steps, labels }
}

function encodeStep(step, { frame, labels, number }) {
  const { instruction, fail } = step
  checkCall(step)
  return instruction.encode({
    op: instruction.op,
    r: step.registers.map((name) => registerNumber(name, frame, step)),
    number: step.number,
    distance:
      step.target && (labels.get(step.target) ?? fail('no such label in this method')) - step.at,
    index: referenceNumber(step, number),
  })
}

// Parameters lie behind the locals. A "v" beyond the locals would be one of them by another name: almost always a slip.
function registerNumber(name, { locals, incoming }, { instruction, fail }) {
  const index = Number(name.slice(1))
  const isParameter = name.startsWith('p')
  if (index >= (isParameter ? incoming : locals)) fail(`there is no register ${name} here`)
  const register = isParameter ? locals + index : index
  if (register > instruction.registerMax)
    fail(`${name} lies beyond the registers this instruction can name`)
  return register
}

function checkCall({ method, registers, instruction, fail }) {
  if (!method) return
  const wanted = registersFor(method.parameters) + (instruction.onInstance ? 1 : 0)
  if (registers.length !== wanted) fail(`this call takes ${wanted} register(s)`)
  if (wanted > 5) fail('a call with more than five registers is beyond this assembler')
}

function referenceNumber(step, number) {
  if (step.method) return number.method(step.method)
  if (step.type) return number.type(step.type)
  return step.string === undefined ? undefined : number.string(step.string)
}
