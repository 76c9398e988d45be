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
  'method-not-allowed': { status: 405, title: 'Method not allowed' },
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
  'shutting-down': { status: 503, title: 'Shutting down' },
  'bus-unavailable': { status: 503, title: 'Log unavailable' },
  'internal-error': { status: 500, title: 'Internal error' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof problems

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
