import { readFileSync } from 'node:fs'
import { parseDocument, stringify } from 'yaml'
import { z } from 'zod'

/** A problem with the configuration, told to the person who wrote it; `problems` has one sentence per place. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      `the configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n  ${problems.join('\n  ')}`,
    )
    this.name = 'ConfigError'
    this.problems = problems
  }
}

const secretMark = Symbol.for('weir.secret')

/**
 * A text that may be given as `${NAME}` (environment) or `${file:/run/secrets/x}`. Only fields declared with this are
 * expanded, so that no other value can read the environment.
 */
export function secret(environment: NodeJS.ProcessEnv = process.env): z.ZodType<string, string> {
  const schema = z.string().transform((text, context) => {
    const problem = (message: string): never => {
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    return text.replace(/\$\{(file:)?([^}]*)\}/g, (_, file: string | undefined, name: string) => {
      if (!file) return environment[name] ?? problem(`the environment has no variable "${name}"`)
      try {
        return readFileSync(name, 'utf8').replace(/\r?\n$/, '')
      } catch (cause) {
        return problem(`cannot read "${name}": ${(cause as Error).message}`)
      }
    })
  })
  Object.defineProperty(schema, secretMark, { value: true })
  return schema
}

export function isSecret(schema: z.ZodType): boolean {
  return secretMark in schema
}

/**
 * Reads one YAML text into `schema`. Unknown keys are refused with the nearest known one.
 * @throws ConfigError
 */
export function parseConfig<S extends z.ZodType>(schema: S, yaml: string, sourceName: string): z.output<S> {
  return checkConfig(schema, readYaml(yaml, sourceName), sourceName)
}

/**
 * Reads YAML files, later ones over earlier ones: mappings merge, lists of mappings with ids append, all else replaces.
 * `read` gives their texts; it may give what a file is about to hold.
 * @throws ConfigError
 */
export function loadConfig<S extends z.ZodType>(
  schema: S,
  files: readonly string[],
  read: (file: string) => string = readConfigFile,
): z.output<S> {
  const merged = files.reduce<unknown>((before, file) => merge(before, readYaml(read(file), file)), {})
  return checkConfig(schema, merged, files.join(', ') || 'the defaults')
}

export function checkConfig<S extends z.ZodType>(schema: S, input: unknown, sourceName: string): z.output<S> {
  const result = schema.safeParse(input ?? {})
  if (result.success) return result.data
  throw new ConfigError(
    result.error.issues.flatMap(issue => describeIssue(issue, schema)).map(text => `${sourceName}: ${text}`),
  )
}

/** A configuration as a file would have it. */
export function configYaml(config: unknown): string {
  return stringify(config)
}

/** @throws ConfigError */
export function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([`${file}: ${(cause as Error).message}`])
  }
}

function readYaml(yaml: string, sourceName: string): unknown {
  const document = parseDocument(yaml, { prettyErrors: true })
  if (document.errors.length > 0) throw new ConfigError(document.errors.map(error => `${sourceName}: ${error.message}`))
  return document.toJS() ?? {}
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function merge(before: unknown, after: unknown): unknown {
  if (isMapping(before) && isMapping(after)) {
    const result: Record<string, unknown> = { ...before }
    for (const [key, value] of Object.entries(after)) result[key] = key in before ? merge(before[key], value) : value
    return result
  }
  if (Array.isArray(before) && Array.isArray(after) && [...before, ...after].every(isMapping))
    return [...before, ...after]
  return after
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const place = issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  if (issue.code !== 'unrecognized_keys') return [`${place}${issue.message}`]
  const known = knownKeys(schema, issue.path)
  return issue.keys.map(key => {
    const nearest = nearestKey(key, known)
    return `${place}there is no key "${key}"${nearest ? `; did you mean "${nearest}"?` : ''}`
  })
}

/** Keys of the mapping at `path`, found by walking the JSON Schema of `schema`. */
function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  interface Node {
    properties?: Record<string, Node>
    additionalProperties?: Node | boolean
    items?: Node
    anyOf?: Node[]
    oneOf?: Node[]
    allOf?: Node[]
  }
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline' }) as Node
  const branches = (node: Node): Node[] => [
    node,
    ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(branches),
  ]
  let nodes = branches(root)
  for (const step of path) {
    nodes = nodes
      .flatMap(node => {
        const next =
          typeof step === 'number' ? node.items : (node.properties?.[String(step)] ?? node.additionalProperties)
        return typeof next === 'object' ? [next] : []
      })
      .flatMap(branches)
  }
  return nodes.flatMap(node => Object.keys(node.properties ?? {}))
}

function nearestKey(wrong: string, known: readonly string[]): string | undefined {
  const ranked = known.map(key => ({ key, distance: editDistance(wrong.toLowerCase(), key.toLowerCase()) }))
  ranked.sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(2, Math.floor(wrong.length / 2)) ? best.key : undefined
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}
