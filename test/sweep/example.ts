import { z } from 'zod'

/** Makes input that an operation must take, from the operation's own shape. */

/** Values by field name, for what a schema alone cannot say: ids that exist, digests that are right. */
export type KnownFields = Readonly<Record<string, unknown>>

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minimum?: number
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

/**
 * An object of that shape: required fields, and optional ones whose names are in `always`.
 *
 * @throws Error that says what to add, when the shape refuses what was made
 */
export function exampleOf(
  shape: z.ZodType,
  known: KnownFields,
  where: string,
  always: KnownFields = {},
): Record<string, unknown> {
  const schema = schemaOf(shape)
  const made = { ...pick(schema, always), ...(valueOf(schema, known) as Record<string, unknown>) } // shapes of input are objects
  const result = shape.safeParse(made)
  if (result.success) return made
  const wrong = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(
    `The sweep cannot make input for ${where} (${wrong.join('; ')}). Add the field's name and a right value to knownFields in test/sweep/world.ts.`,
  )
}

/** Every field of a shape, nested ones left out, with whether it may be left away. */
export function fieldsOf(shape: z.ZodType): readonly { name: string; required: boolean }[] {
  const { properties = {}, required = [] } = schemaOf(shape)
  return Object.keys(properties).map((name) => ({ name, required: required.includes(name) }))
}

function schemaOf(shape: z.ZodType): Schema {
  return z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as Schema // the parts read here
}

function pick({ properties = {} }: Schema, from: KnownFields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(from).filter(([name]) => Object.hasOwn(properties, name)),
  )
}

function valueOf(schema: Schema, known: KnownFields): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) {
    const empty = choices.find((choice) => choice.type === 'null')
    return valueOf(empty ?? choices[0] ?? {}, known)
  }
  switch (schema.type) {
    case 'object': {
      const names = schema.required ?? []
      const value = (name: string) =>
        Object.hasOwn(known, name) ? known[name] : valueOf(schema.properties?.[name] ?? {}, known)
      return Object.fromEntries(names.map((name) => [name, value(name)]))
    }
    case 'array':
      return [valueOf(schema.items ?? {}, known)]
    case 'integer':
    case 'number':
      return Math.max(0, schema.minimum ?? 0)
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return 'sweep'
  }
}
