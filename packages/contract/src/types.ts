import type { z } from 'zod'
import type { apiKey } from './api-keys.shapes.ts'
import type { artifact, build, logEvent, plan, project } from './builds.shapes.ts'
import type { whoamiDocument } from './documents.shapes.ts'
import type { lease } from './leases.shapes.ts'
import type { orgOfCaller } from './orgs.shapes.ts'
import type { runner } from './runners.shapes.ts'
import type { listedSession } from './sessions.shapes.ts'
import type { shapes } from './shapes.ts'

/** The types of what travels. Types only: importing this file loads nothing. */

export type Shapes = typeof shapes
export type OperationId = keyof Shapes

type Part<Id extends OperationId, Name extends string> =
  Shapes[Id] extends Record<Name, infer Shape extends z.ZodType> ? Shape : never
type Sent<Shape> = [Shape] extends [never] ? undefined : z.input<Extract<Shape, z.ZodType>>
type Received<Shape> = [Shape] extends [never] ? undefined : z.output<Extract<Shape, z.ZodType>>

/** What a caller writes. */
export type ParamsSent<Id extends OperationId> = Sent<Part<Id, 'params'>>
export type QuerySent<Id extends OperationId> = Sent<Part<Id, 'query'>>
export type BodySent<Id extends OperationId> = Sent<Part<Id, 'body'>>

/** What a handler reads, parsed. */
export type Params<Id extends OperationId> = Received<Part<Id, 'params'>>
export type Query<Id extends OperationId> = Received<Part<Id, 'query'>>
export type Body<Id extends OperationId> = Received<Part<Id, 'body'>>

export type Output<Id extends OperationId> = Received<Part<Id, 'output'>>
export type StreamEvent<Id extends OperationId> = Received<Part<Id, 'event'>>

export type ApiKey = z.output<typeof apiKey>
export type Artifact = z.output<typeof artifact>
export type Build = z.output<typeof build>
export type Lease = z.output<typeof lease>
export type LogEvent = z.output<typeof logEvent>
export type Org = z.output<typeof orgOfCaller>
export type Plan = z.output<typeof plan>
export type Project = z.output<typeof project>
export type Runner = z.output<typeof runner>
export type Session = z.output<typeof listedSession>
export type WhoamiDocument = z.output<typeof whoamiDocument>
