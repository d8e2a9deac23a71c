import { expect, test } from 'vitest'
import type { Operation } from '@norrix/contract/operation'
import { mount } from './mount.ts'
import type { MountOptions } from './mounted.ts'

const operation: Operation = {
  id: 'things.list',
  method: 'GET',
  path: '/api/things',
  summary: 'Things',
  access: { kind: 'public' },
  body: 'none',
  output: 'json',
  faults: [],
}
const never = () => Promise.reject(new Error('nobody asks'))
const options: MountOptions = {
  operations: [operation],
  routes: [{ operation, handle: () => ({}) }],
  shapes: { 'things.list': {} },
  authenticators: {
    'access-token': never,
    cookie: never,
    'api-key': never,
    'runner-token': never,
    'lease-token': never,
    roleOf: never,
  },
  cookieName: 'session',
  publicUrl: 'http://localhost',
  version: '0.1.0',
  stopping: new AbortController().signal,
}

test('a server whose operations are whole starts', () => {
  expect(() => mount(options)).not.toThrow()
})

test('an operation without declared access stops the start', () => {
  const { access: _, ...undeclared } = operation
  const forgotten = undeclared as Operation // as a literal from untyped code would look
  const routes = [{ operation: forgotten, handle: () => ({}) }]
  expect(() => mount({ ...options, operations: [forgotten], routes })).toThrow(
    'things.list declares no access',
  )
})

test('an operation without a route stops the start', () => {
  expect(() => mount({ ...options, routes: [] })).toThrow('things.list has 0 routes')
})

test('a route that is no operation of the contract stops the start', () => {
  const stray = { ...operation, id: 'things.stray' }
  const routes = [...options.routes, { operation: stray, handle: () => ({}) }]
  expect(() => mount({ ...options, routes })).toThrow('things.stray')
})
