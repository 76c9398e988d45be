import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './app.ts'
import { ProblemError } from './problem.ts'
import type { StaticFile } from './static-files.ts'

/** The wall at `/wall`; `/wall/<screen>` is the same page, which reads its screen's name from the address. */
export function addWallRoutes(app: App, files: ReadonlyMap<string, StaticFile>): void {
  const hidden = { schema: { hide: true } }
  app.get('/', hidden, async (_, reply) => reply.redirect('/wall', 302))
  app.get('/wall', hidden, async (request, reply) => send(request, reply, page(files)))
  app.get<{ Params: { '*': string } }>('/wall/*', hidden, async (request, reply) => {
    const name = request.params['*']
    const file = files.get(name) ?? (/^[A-Za-z0-9_-]*$/.test(name) ? page(files) : undefined)
    if (!file) throw new ProblemError('not-found', 'the wall has no such file')
    return send(request, reply, file)
  })
}

function page(files: ReadonlyMap<string, StaticFile>): StaticFile {
  const index = files.get('index.html')
  if (!index) throw new ProblemError('not-found', 'the wall is not built; run: npm run build')
  return index
}

function send(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  reply.headers({ etag: file.etag, 'cache-control': file.cacheControl })
  if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
  return reply.type(file.contentType).send(file.bytes)
}
