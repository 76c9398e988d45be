/**
 * What can go wrong with a request: a closed table; a code is never reused. The anchors of docs/reference/http-api.md
 * explain each.
 */
export const problems = {
  'host-refused': { status: 403, title: 'Unknown host' },
  'origin-refused': { status: 403, title: 'Foreign origin' },
  'not-authorised': { status: 401, title: 'Not authorised' },
  'tenant-refused': { status: 403, title: 'No such tenant' },
  'not-found': { status: 404, title: 'Not found' },
  'parameters-invalid': { status: 400, title: 'Invalid parameters' },
  'body-invalid': { status: 400, title: 'Invalid body' },
  'body-too-large': { status: 413, title: 'Body too large' },
  'media-type-refused': { status: 415, title: 'Unsupported media type' },
  'cursor-invalid': { status: 400, title: 'Invalid cursor' },
  'query-too-expensive': { status: 422, title: 'Query too expensive' },
  'too-many-queries': { status: 503, title: 'Too many queries' },
  'store-unavailable': { status: 503, title: 'History unavailable' },
  'query-timeout': { status: 504, title: 'Query took too long' },
  'upgrade-required': { status: 426, title: 'Upgrade required' },
  'subprotocol-unknown': { status: 400, title: 'Unknown subprotocol' },
  'too-many-connections': { status: 503, title: 'Too many connections' },
  'bus-unavailable': { status: 503, title: 'Log unavailable' },
  'internal-error': { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problems

/** The body of a problem, as OpenAPI describes it. */
export const problemSchema = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string' as const },
    title: { type: 'string' as const },
    status: { type: 'integer' as const },
    detail: { type: 'string' as const, description: 'For the one who asked: what to ask instead.' },
    code: { type: 'string' as const, enum: Object.keys(problems) },
    instance: { type: 'string' as const, description: "The request's id, as the log has it." },
    errors: {
      type: 'array' as const,
      items: {
        type: 'object' as const,
        properties: { path: { type: 'string' as const }, message: { type: 'string' as const } },
      },
    },
  },
}

export const problemContentType = 'application/problem+json; charset=utf-8'

/** One part of a request that was wrong. */
export interface ProblemPlace {
  path: string
  message: string
}

/** A refused request, for the one who sent it (RFC 9457). */
export class ProblemError extends Error {
  readonly code: ProblemCode
  readonly places: readonly ProblemPlace[]
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ProblemCode,
    detail: string,
    options: ErrorOptions & { places?: readonly ProblemPlace[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail, options)
    this.name = 'ProblemError'
    this.code = code
    this.places = options.places ?? []
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  get status(): number {
    return problems[this.code].status
  }
}

export function problemBody(problem: ProblemError, instance?: string): Record<string, unknown> {
  const { status, title } = problems[problem.code]
  return {
    type: `urn:weir:problem:${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    ...(instance === undefined ? {} : { instance }),
    ...(problem.places.length === 0 ? {} : { errors: problem.places }),
  }
}
