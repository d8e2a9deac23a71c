// The instructions of Android's virtual machine that a thin Activity needs, and how each is laid out.
// Numbers: https://source.android.com/docs/core/runtime/dalvik-bytecode, layouts: …/instruction-formats.
//
// A layout says how many 16-bit units an instruction takes, how many registers it names, which kind of argument
// follows them, and how to put it together. `index` is the number of the string, type or method it refers to.

const layouts = {
  // op
  '10x': { units: 1, registers: 0, encode: ({ op }) => [op] },
  // op vAA
  '11x': { units: 1, registers: 1, encode: ({ op, r }) => [op | (r[0] << 8)] },
  // op vA, #+B
  '11n': {
    units: 1,
    registers: 1,
    argument: 'number',
    registerMax: 15,
    numberBits: 4,
    encode: ({ op, r, number }) => [op | (r[0] << 8) | ((number & 0xf) << 12)],
  },
  // op vAA, #+BBBB
  '21s': {
    units: 2,
    registers: 1,
    argument: 'number',
    numberBits: 16,
    encode: ({ op, r, number }) => [op | (r[0] << 8), number & 0xffff],
  },
  // op vAA, +BBBB
  '21t': {
    units: 2,
    registers: 1,
    argument: 'label',
    encode: ({ op, r, distance }) => [op | (r[0] << 8), distance & 0xffff],
  },
  // op vAA, string@BBBB or type@BBBB
  '21c': { units: 2, registers: 1, encode: ({ op, r, index }) => [op | (r[0] << 8), index] },
  // op {vC, vD, vE, vF, vG}, meth@BBBB
  '35c': {
    units: 3,
    argument: 'method',
    registerMax: 15,
    encode: ({ op, r, index }) => {
      const [c = 0, d = 0, e = 0, f = 0, g = 0] = r
      return [op | (g << 8) | (r.length << 12), index, c | (d << 4) | (e << 8) | (f << 12)]
    },
  },
}

const table = [
  ['move-result', 0x0a, '11x'],
  ['move-result-object', 0x0c, '11x'],
  ['return-void', 0x0e, '10x'],
  ['return', 0x0f, '11x'],
  ['return-object', 0x11, '11x'],
  ['const/4', 0x12, '11n'],
  ['const/16', 0x13, '21s'],
  ['const-string', 0x1a, '21c', 'string'],
  ['check-cast', 0x1f, '21c', 'type'],
  ['new-instance', 0x22, '21c', 'type'],
  ['if-eqz', 0x38, '21t'],
  ['if-nez', 0x39, '21t'],
  ['invoke-virtual', 0x6e, '35c'],
  ['invoke-super', 0x6f, '35c'],
  ['invoke-direct', 0x70, '35c'],
  ['invoke-static', 0x71, '35c'],
  ['invoke-interface', 0x72, '35c'],
]

export const instructions = new Map(
  table.map(([name, op, layout, argument]) => [
    name,
    {
      name,
      op,
      registerMax: 255,
      ...layouts[layout],
      ...(argument && { argument }),
      onInstance: name !== 'invoke-static',
    },
  ]),
)
