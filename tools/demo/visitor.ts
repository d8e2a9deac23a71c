import { randomBytes } from 'node:crypto'
import type { Who } from '../person-in-browser.ts'

/** The person of the demo: in a real browser where one runs, else by the same pages' forms over fetch. */
export interface Visitor {
  readonly how: string
  claim(link: string): Promise<void>
  approve(address: string): Promise<void>
  createKey(origin: string, name: string): Promise<string>
  revokeKey(origin: string, name: string): Promise<void>
  close(): Promise<void>
}

/** Somebody new at each run. */
export const newcomer = (): Who => ({
  email: 'ana@example.com',
  password: `demo ${randomBytes(9).toString('base64url')}`,
  orgName: 'Acme',
})
