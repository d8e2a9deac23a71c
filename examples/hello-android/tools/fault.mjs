/** What a person is told instead of a stack trace: what happened, then what to do. `exitCode` 2 is a wrong command line. */
export class BuildFault extends Error {
  constructor(message, { exitCode = 1 } = {}) {
    super(message)
    this.name = 'BuildFault'
    this.exitCode = exitCode
  }
}

export function usageFault(message) {
  return new BuildFault(`${message}\nSee: node build.mjs --help`, { exitCode: 2 })
}
