#!/usr/bin/env node
// The first thing that runs, on whatever Node there is: nothing here is newer than ES5.
var parts = process.versions.node.split('.')
var major = Number(parts[0])
var minor = Number(parts[1])

if (major > 20 || (major === 20 && minor >= 19)) {
  require('./start.cjs')
} else {
  console.error('norrix needs Node 20.19 or newer; this is ' + process.versions.node + '.')
  console.error('  fix   install a newer Node from https://nodejs.org, then try again')
  process.exit(1)
}
