import { randomUUID } from 'node:crypto'
import { create, toBinary } from '@bufbuild/protobuf'
import { z } from 'zod'
import type { Bus } from '../../../../libs/bus/src/index.ts'
import { type Alarm, keys, SignalRecordSchema, topics } from '../../../../libs/model/src/index.ts'
import type { App } from '../http/app.ts'
import { ProblemError } from '../http/problem.ts'
import type { Principal } from '../principal.ts'

/** An action is asked for, not done: the correlator does it, and the alarm's next event tells. */
const acceptedSchema = z.object({
  actionId: z.string().describe('Repeating a request with this as its Idempotency-Key does nothing more.'),
})

const note = z.string().max(2_000)
const bodies = {
  acknowledge: z.strictObject({ note: note.optional() }).nullish(),
  unacknowledge: z.strictObject({ note: note.optional() }).nullish(),
  close: z.strictObject({ note: note.optional() }).nullish(),
  shelve: z.strictObject({ note: note.optional(), until: z.iso.datetime().describe('When it comes back by itself.') }),
  unshelve: z.strictObject({ note: note.optional() }).nullish(),
  comment: z.strictObject({ note: note.min(1) }),
} as const
type Action = keyof typeof bodies

const summaries: Record<Action, string> = {
  acknowledge: 'Says that somebody works on it',
  unacknowledge: 'Takes an acknowledgement back',
  close: 'Declares it dealt with, whatever the network says',
  shelve: 'Puts it aside until a time',
  unshelve: 'Takes it off the shelf',
  comment: 'Adds a note to its history',
}

const idempotencyKeyPattern = /^[A-Za-z0-9._:-]{1,128}$/

/** What operators do to alarms goes into `weir.signals.v1`, where the tenant's correlator takes it up. */
export function addAlarmActionRoutes(
  app: App,
  context: {
    bus: Bus
    nowMs: () => number
    /** @throws ProblemError not-found */
    findAlarm: (principal: Principal, alarmId: string) => Promise<Alarm>
  },
): void {
  for (const action of Object.keys(bodies) as Action[]) {
    app.post(
      `/api/v1/alarms/:alarmId/${action}`,
      {
        schema: {
          summary: summaries[action],
          tags: ['alarms'],
          params: z.strictObject({ alarmId: z.uuid() }),
          querystring: z.strictObject({}),
          body: bodies[action],
          response: { 202: acceptedSchema },
        },
      },
      async (request, reply) => {
        const alarm = await context.findAlarm(request.principal, request.params.alarmId)
        const body = (request.body ?? {}) as { note?: string; until?: string }
        const untilMs = body.until === undefined ? 0 : Date.parse(body.until)
        const nowMs = context.nowMs()
        if (action === 'shelve' && untilMs <= nowMs) {
          throw new ProblemError('body-invalid', 'until: has to be in the future')
        }
        const actionId = idempotencyKey(request.headers['idempotency-key']) ?? randomUUID()
        await send(context.bus, alarm, nowMs, {
          actionId,
          alarmId: alarm.alarmId,
          action,
          by: request.principal.name,
          note: body.note ?? '',
          atMs: BigInt(nowMs),
          untilMs: BigInt(untilMs),
        })
        return reply.code(202).send({ actionId })
      },
    )
  }
}

interface OperatorActionFields {
  actionId: string
  alarmId: string
  action: Action
  by: string
  note: string
  atMs: bigint
  untilMs: bigint
}

async function send(bus: Bus, { tenantId }: Alarm, nowMs: number, value: OperatorActionFields): Promise<void> {
  const record = create(SignalRecordSchema, {
    tenantId,
    producerId: 'gateway',
    body: { case: 'operatorAction', value },
  })
  try {
    await bus.send(topics.signals, [
      { key: keys.tenant(tenantId), value: toBinary(SignalRecordSchema, record), timestampMs: nowMs },
    ])
  } catch (cause) {
    const options = { cause, retryAfterSeconds: 5 }
    throw new ProblemError('bus-unavailable', 'the action could not be written down; nothing was done', options)
  }
}

function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  if (typeof header === 'string' && idempotencyKeyPattern.test(header)) return header
  throw new ProblemError('parameters-invalid', 'Idempotency-Key: 1 to 128 letters, digits, ".", "_", ":" or "-"')
}
