import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import fastifySwagger from '@fastify/swagger'
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  fastify,
  LogController,
  type RawServerDefault,
} from 'fastify'
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import { type Logger, packageVersion } from '../../../../libs/kernel/src/index.ts'
import { StoreError } from '../../../../libs/store/src/index.ts'
import type { Principal, ResolvePrincipal } from '../principal.ts'
import { type ProblemCode, ProblemError, problemBody, problemContentType, problemSchema } from './problem.ts'
import type { RequestGuard } from './request-guard.ts'

export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal
  }
}

export interface AppOptions {
  guard: RequestGuard
  resolvePrincipal: ResolvePrincipal
  /** Origins that may frame pages. */
  frameAncestors: readonly string[]
  onAnswered: (seconds: number) => void
  log: Logger
}

const bodyBytesMax = 64 * 1024

/** The HTTP server without routes: who may ask, how answers look, and how failures are told (RFC 9457). */
export async function createApp(options: AppOptions): Promise<App> {
  const app: App = fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: bodyBytesMax,
    requestTimeout: 30_000,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 512 },
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  // What a form of another site can send without asking: it never was JSON.
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('principal', null as unknown as Principal)

  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Weir',
        version: packageVersion,
        description:
          'Live state, history and alarms of a network. Times are ISO 8601 UTC, 64-bit integers decimal strings.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { schemas: { Problem: problemSchema } },
    },
    transform: describeRoute,
  })

  const headers = securityHeaders(options.frameAncestors)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...headers, 'x-request-id': request.id })
    const refused = options.guard(request.headers)
    if (refused) throw new ProblemError(refused.code, refused.detail)
    const principal = options.resolvePrincipal(request)
    if (!principal) throw new ProblemError('not-authorised', 'no credentials')
    request.principal = principal
  })
  app.addHook('onResponse', async (_, reply) => {
    // An event stream is no answer: it ends when its client leaves.
    if (!reply.raw.getHeader('content-type')?.toString().startsWith('text/event-stream')) {
      options.onAnswered(reply.elapsedTime / 1_000)
    }
  })

  app.setErrorHandler<FastifyError | Error>((error, request, reply) => {
    const problem = problemOf(error)
    if (problem.status >= 500)
      request.log.error({ err: error, url: request.url, requestId: request.id }, 'request failed')
    if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds)
    return sendProblem(reply, problem, request.id)
  })
  app.setNotFoundHandler((request, reply) => {
    const problem = new ProblemError('not-found', `there is nothing at ${request.method} ${pathOf(request.url)}`)
    return sendProblem(reply, problem, request.id)
  })
  return app
}

/** Every route may answer with a problem instead; the document says so once, here. */
const describeRoute: typeof jsonSchemaTransform = input => {
  const { schema, url } = jsonSchemaTransform(input)
  const problem = {
    description: 'What went wrong (RFC 9457)',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
  const response = { ...((schema as { response?: object }).response ?? {}), default: problem }
  return { schema: readable({ ...schema, response }), url } as ReturnType<typeof jsonSchemaTransform>
}

/** A schema without the patterns of formats that have a name: they fill a page each and say nothing more. */
function readable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(readable)
  if (typeof node !== 'object' || node === null) return node
  const hidden = 'format' in node && typeof node.format === 'string' ? 'pattern' : undefined
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== hidden)
      .map(([key, value]) => [key, readable(value)]),
  )
}

function sendProblem(
  reply: {
    code(status: number): unknown
    type(contentType: string): unknown
    serializer(fn: unknown): unknown
    send(body: unknown): unknown
  },
  problem: ProblemError,
  requestId: string,
): unknown {
  reply.code(problem.status)
  reply.type(problemContentType)
  reply.serializer(JSON.stringify)
  return reply.send(problemBody(problem, `urn:uuid:${requestId}`))
}

function pathOf(url: string): string {
  return url.split('?', 1)[0]!.slice(0, 200)
}

function securityHeaders(frameAncestors: readonly string[]): Record<string, string> {
  const ancestors = frameAncestors.length > 0 ? frameAncestors.join(' ') : "'none'"
  return {
    'content-security-policy': [
      "default-src 'self'",
      "img-src 'self' data:",
      "font-src 'self' data:",
      "media-src 'self' data: blob:",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      `frame-ancestors ${ancestors}`,
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'no-store',
  }
}

/** Any failure of a request as a problem; what only we should know stays in the log. */
function problemOf(error: FastifyError | Error): ProblemError {
  if (error instanceof ProblemError) return error
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error)
  if (error instanceof StoreError) return storeProblem(error)
  const { code, statusCode } = error as FastifyError
  const known: Record<string, ProblemCode> = {
    FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
    FST_ERR_CTP_INVALID_MEDIA_TYPE: 'media-type-refused',
  }
  if (known[code]) return new ProblemError(known[code], error.message)
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new ProblemError('body-invalid', error.message)
  return new ProblemError('internal-error', 'the gateway failed; its log has the reason under this request id', {
    cause: error,
  })
}

interface InvalidRequest {
  validationContext?: string | undefined
  validation: readonly { keyword: string; instancePath: string; message?: string; params: { keys?: string[] } }[]
}

function invalid(error: unknown): ProblemError {
  const { validation, validationContext } = error as InvalidRequest
  const places = validation.flatMap(({ keyword, instancePath, message, params }) => {
    const path = instancePath.replace(/^\//, '').replaceAll('/', '.')
    if (keyword !== 'unrecognized_keys') return [{ path, message: message ?? 'is invalid' }]
    return (params.keys ?? []).map(key => ({ path: path ? `${path}.${key}` : key, message: 'there is no such key' }))
  })
  const detail = places.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ')
  return new ProblemError(validationContext === 'body' ? 'body-invalid' : 'parameters-invalid', detail, { places })
}

function storeProblem(error: StoreError): ProblemError {
  if (error.code === 'store-timeout') {
    return new ProblemError('query-timeout', 'the query took too long; ask for less time or a coarser resolution', {
      cause: error,
    })
  }
  if (error.code === 'store-rejected' && /TOO_MANY_ROWS/.test(error.message)) {
    return new ProblemError('query-too-expensive', 'the answer has too many rows; ask for less', { cause: error })
  }
  // What a query function refuses itself is said to whoever asked; what the database refuses is ours to mend.
  if (error.code === 'store-rejected' && !/DB::|Code: \d/.test(error.message)) {
    return new ProblemError('body-invalid', error.message, { cause: error })
  }
  if (error.code === 'store-rejected' || error.code === 'block-malformed') {
    return new ProblemError('internal-error', 'the store refused the query; the log has the reason', { cause: error })
  }
  return new ProblemError('store-unavailable', 'the history cannot be read now', { cause: error, retryAfterSeconds: 5 })
}
