import { create } from '@bufbuild/protobuf'
import { type SignalRecord, SignalRecordSchema } from '../../model/src/index.ts'

export const startMs = Date.UTC(2026, 0, 5, 12)
export const minute = 60_000

export interface ConditionInput {
  at: number
  state?: string
  type?: string
  resource?: string
  qualifier?: string
  severity?: string
  windowStartMs?: number
  summary?: string
  device?: string
}

let offset = 0n

export function left(deviceId: string, at: number): SignalRecord {
  offset += 1n
  const source = { topic: 'weir.polls.v1', partition: 3, offset, ordinal: 0, logId: 'log' }
  const value = { deviceId, atMs: BigInt(startMs + at) }
  return create(SignalRecordSchema, { tenantId: 'acme', producerId: 'p1', source, body: { case: 'deviceLeft', value } })
}

/** A condition signal; `at` in milliseconds after `startMs`. Each has the next position unless told otherwise. */
export function condition(
  input: ConditionInput,
  position?: { offset: bigint; ordinal?: number; partition?: number; logId?: string },
): SignalRecord {
  offset += 1n
  const atMs = startMs + input.at
  const device = input.device ?? 'sw1'
  return create(SignalRecordSchema, {
    tenantId: 'acme',
    producerId: 'p1',
    source: {
      topic: 'weir.polls.v1',
      partition: position?.partition ?? 3,
      offset: position?.offset ?? offset,
      ordinal: position?.ordinal ?? 0,
      logId: position?.logId ?? 'log',
    },
    body: {
      case: 'condition',
      value: {
        alarmType: input.type ?? 'link-down',
        resource: input.resource ?? `interface/${device}/eth0`,
        qualifier: input.qualifier ?? '',
        deviceId: device,
        siteId: 'hq',
        state: input.state ?? 'active',
        severity: input.severity ?? 'major',
        eventTimeMs: BigInt(atMs),
        windowStartMs: BigInt(input.windowStartMs ?? Math.floor(atMs / minute) * minute),
        evidenceJson: JSON.stringify({
          summary: input.summary ?? 'eth0 is down',
          action: 'Check the cable.',
          measured: { operStatus: 2 },
          expected: {},
        }),
      },
    },
  })
}

export function action(
  name: string,
  alarmId: string,
  at: number,
  rest: { until?: number; id?: string; by?: string; note?: string } = {},
): SignalRecord {
  return create(SignalRecordSchema, {
    tenantId: 'acme',
    producerId: 'gateway',
    body: {
      case: 'operatorAction',
      value: {
        actionId: rest.id ?? `${name}-${at}`,
        alarmId,
        action: name,
        by: rest.by ?? 'ada',
        note: rest.note ?? '',
        atMs: BigInt(startMs + at),
        untilMs: BigInt(rest.until === undefined ? 0 : startMs + rest.until),
      },
    },
  })
}

/** When a signal says it happened. */
export function timeOf(record: SignalRecord): number {
  if (record.body.case === 'condition') return Number(record.body.value.eventTimeMs)
  const { body } = record
  return body.case === 'operatorAction' || body.case === 'deviceLeft' ? Number(body.value.atMs) : 0
}
