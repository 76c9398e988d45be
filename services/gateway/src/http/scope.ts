import type { FastifyRequest } from 'fastify'
import { type Scope, scopeOf } from '../principal.ts'
import { ProblemError } from './problem.ts'

/** What this request may see of what it asks for. @throws ProblemError tenant-refused */
export function requestScope(
  request: FastifyRequest,
  asked: { tenant?: string | undefined; site?: string | undefined },
): Scope {
  const scope = scopeOf(request.principal, asked)
  if (!scope) throw new ProblemError('tenant-refused', 'there is no such tenant, or it is not yours to see')
  return scope
}
