'use strict'
// Preloaded by `node --require`: at its end, a process says on file descriptor 3 what it has used. Old Nodes run it too.
const { writeSync } = require('node:fs')

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const processorMs = (userCPUTime + systemCPUTime) / 1000
  writeSync(3, JSON.stringify({ processorMs, peakMb: (maxRSS * 1024) / 1e6 }))
})
