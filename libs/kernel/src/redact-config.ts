import type { z } from 'zod'
import { isSecret } from './config.ts'

const redacted = '…'

/** The value with each text that `schema` declares a secret replaced. Parts that no schema describes are left out. */
export function redactConfig(schema: z.ZodType, value: unknown): unknown {
  return redact([schema], value)
}

interface Def {
  type: string
  shape?: Record<string, z.ZodType>
  element?: z.ZodType
  valueType?: z.ZodType
  innerType?: z.ZodType
  in?: z.ZodType
  options?: z.ZodType[]
}

function redact(schemas: readonly z.ZodType[], value: unknown): unknown {
  if (value === null || value === undefined) return value
  const branches = schemas.flatMap(unwrap)
  if (branches.some(isSecret)) return value === '' ? '' : redacted
  const defs = branches.map(defOf)
  if (Array.isArray(value)) {
    const elements = defs.flatMap(({ element }) => (element ? [element] : []))
    return value.map(one => redact(elements, one))
  }
  if (typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, one]) => {
    const inner = defs.flatMap(({ shape, valueType }) => {
      const found = shape?.[key] ?? valueType
      return found ? [found] : []
    })
    return [key, inner.length > 0 ? redact(inner, one) : undefined] as const
  })
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined))
}

/** What a schema is under its defaults, checks and alternatives. */
function unwrap(schema: z.ZodType): z.ZodType[] {
  if (isSecret(schema)) return [schema]
  const { innerType, options, type, in: input } = defOf(schema)
  if (options) return options.flatMap(unwrap)
  if (innerType) return unwrap(innerType)
  if (type === 'pipe' && input) return unwrap(input)
  return [schema]
}

function defOf(schema: z.ZodType): Def {
  return schema._zod.def as unknown as Def
}
