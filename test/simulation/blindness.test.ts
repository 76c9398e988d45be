import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { alarmConfigSchema, suppressionsOf } from '../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../libs/bus/src/index.ts'
import { detectConfigSchema } from '../../libs/detect/src/index.ts'
import { CounterByCode } from '../../libs/kernel/src/index.ts'
import {
  type Alarm,
  type AlarmCloudEvent,
  type Device,
  inventorySchema,
  PollerSightSchema,
  PollRecordSchema,
  SignalRecordSchema,
  topics,
} from '../../libs/model/src/index.ts'
import { SightBook } from '../../services/snmp-poller/src/reach/poller-sight.ts'
import { CorrelatorWork } from '../../services/stream-processor/src/correlator/correlator-work.ts'
import type { EpochWork, Output } from '../../services/stream-processor/src/epoch-work.ts'
import { newPollCounts, PollsWork } from '../../services/stream-processor/src/polls/polls-work.ts'
import { type StreamConfig, streamConfigOf } from '../../services/stream-processor/src/stream-config.ts'

/** Twenty sites of three clients, twenty-five devices each, polled each half minute by one poller. */
const startMs = Date.UTC(2026, 0, 5, 12)
const intervalMs = 30_000
const partitions = 3
const sites = Array.from({ length: 20 }, (_, i) => ({ id: `site-${i}`, tenant: `client-${i % 3}` }))
const inventory = inventorySchema.parse({
  tenants: [0, 1, 2].map(i => ({ id: `client-${i}` })),
  sites,
  devices: sites.flatMap(site =>
    Array.from({ length: 25 }, (_, i) => ({
      id: `${site.id}-${i}`,
      tenant: site.tenant,
      site: site.id,
      address: '192.0.2.1',
      snmp: { auth: 'office' },
    })),
  ),
})
const config = streamConfigOf(inventory, detectConfigSchema.parse({}), alarmConfigSchema.parse({}))

/** What the poller does when nothing answers: three tries, and after three fifths of the time its host and witnesses. */
const triesAfterMs = [0, 2_000, 5_000]
const failsAfterMs = 9_500
const doubtAfterMs = 5_700
const echoTimeoutMs = 1_000

type Answers = (device: Device, atMs: number) => boolean

/** The log of polls as a poller writes it, partition by partition: its own book on what it hears is in it. */
function pollLog(answers: Answers, lastsMs: number, devices = inventory.devices): BusRecord[][] {
  const book = new SightBook(startMs)
  const steps: { atMs: number; run: () => void }[] = []
  const log: BusRecord[][] = Array.from({ length: partitions }, () => [])
  const write = (partition: number, tenantId: string, atMs: number, body: object): void => {
    const value = toBinary(PollRecordSchema, create(PollRecordSchema, { tenantId, producerId: 'poller-1', ...body }))
    const offset = log[partition]!.length
    log[partition]!.push({ topic: topics.polls, partition, offset, key: '', value, timestampMs: atMs })
  }
  devices.forEach((device, i) => {
    const key = `${device.tenant}/${device.id}`
    book.watch(key, device.tenant, device.site)
    const phaseMs = Math.floor((i * intervalMs) / devices.length)
    for (let atMs = startMs + phaseMs; atMs < startMs + lastsMs; atMs += intervalMs) {
      const answeredTry = triesAfterMs.find(afterMs => answers(device, atMs + afterMs))
      const up = answeredTry !== undefined
      const doneMs = atMs + (up ? answeredTry + 40 : failsAfterMs)
      steps.push({ atMs, run: () => book.asked(key, atMs) })
      if (!up) {
        const askedMs = atMs + doubtAfterMs
        let witnesses: string[] = []
        steps.push({
          atMs: askedMs,
          run() {
            if (askedMs - book.heardMs < echoTimeoutMs) return
            witnesses = book.witnesses(key, 4, () => true)
          },
        })
        steps.push({
          atMs: askedMs + 1_600,
          run() {
            for (const witness of witnesses) {
              const answersToo = answers(devices.find(one => `${one.tenant}/${one.id}` === witness)!, askedMs)
              if (answersToo) book.heard(witness, askedMs)
              else book.unanswered(witness, askedMs + 1_600, askedMs)
            }
          },
        })
      }
      steps.push({
        atMs: doneMs,
        run() {
          if (up) book.heard(key, doneMs)
          else book.unanswered(key, doneMs)
          write(i % partitions, device.tenant, doneMs, {
            body: {
              case: 'poll',
              value: {
                deviceId: device.id,
                siteId: device.site,
                startedMs: BigInt(atMs),
                completedMs: BigInt(doneMs),
                intervalMs,
                health: { reachable: up, durationMs: doneMs - atMs, errors: up ? [] : [{ code: 'snmp-timeout' }] },
                ...(up ? { sysUpTimeCs: Math.floor(atMs / 10) % 4_000_000 } : {}),
                reach: { method: 'icmp', sent: 3, received: up ? 3 : 0 },
                ...(up ? {} : { sight: create(PollerSightSchema, book.sight(doneMs, atMs)) }),
              },
            },
          })
        },
      })
    }
  })
  for (let atMs = startMs; atMs < startMs + lastsMs; atMs += 5_000) {
    steps.push({
      atMs: atMs + 1,
      run() {
        const sight = create(PollerSightSchema, { ...book.sight(atMs + 1), tenantIds: book.tenantIds() })
        for (let partition = 0; partition < partitions; partition++) {
          write(partition, '', atMs + 1, { body: { case: 'heartbeat', value: { intervalMs: 5_000, sight } } })
        }
      },
    })
  }
  for (const { run } of steps.sort((a, b) => a.atMs - b.atMs)) run()
  return log
}

const correlatorCounts = () => ({
  signals: 0,
  dropped: new CounterByCode(),
  events: new CounterByCode(),
  derived: new CounterByCode(),
})

/** Runs a stage over records; with `handOverEvery`, a successor takes over from the state after so many. */
function run(make: () => EpochWork, records: readonly BusRecord[], handOverEvery = Number.POSITIVE_INFINITY): Output[] {
  const states = new Map<string, string>()
  let work = make()
  work.restore(states)
  const outputs: Output[] = []
  records.forEach((record, i) => {
    work.process(record)
    outputs.push(...work.takeOutputs())
    if ((i + 1) % handOverEvery !== 0) return
    for (const [key, state] of work.closeEpoch().states) {
      if (state === '') states.delete(key)
      else states.set(key, state)
    }
    work = make()
    work.restore(states)
  })
  return outputs
}

interface Outcome {
  /** Every state of every alarm, in order. */
  history: string[]
  /** The newest state of each. */
  alarms: Alarm[]
}

function alarmsOf(
  log: readonly (readonly BusRecord[])[],
  extra: readonly Output[] = [],
  handOverEvery?: number,
  inForce: StreamConfig = config,
): Outcome {
  const signals = log.flatMap((records, partition) =>
    run(
      () =>
        new PollsWork(
          { topic: topics.polls, partition, logId: 'log', producerId: 'p', config: inForce },
          newPollCounts(),
        ),
      records,
      handOverEvery,
    ),
  )
  const ordered = [...signals, ...extra]
    .filter(({ topic }) => topic === topics.signals)
    .map((output, i) => ({ output, i }))
    .sort((a, b) => a.output.record.timestampMs - b.output.record.timestampMs || a.i - b.i)
    .map(({ output: { record } }, offset): BusRecord => {
      return {
        topic: topics.signals,
        partition: 0,
        offset,
        key: record.key,
        value: record.value,
        timestampMs: record.timestampMs,
      }
    })
  const sent = run(
    () =>
      new CorrelatorWork(
        { topic: topics.signals, partition: 0, logId: 'log', producerId: 'p', config: inForce },
        correlatorCounts(),
      ),
    ordered,
    handOverEvery,
  )
  const newest = new Map<string, Alarm>()
  const history: string[] = []
  for (const { record } of sent) {
    const { data } = JSON.parse(Buffer.from(record.value!).toString('utf8')) as AlarmCloudEvent
    newest.set(data.alarmId, data)
    history.push(JSON.stringify(data))
  }
  return { history, alarms: [...newest.values()] }
}

const minute = 60_000
const name = (alarm: Alarm): string => `${alarm.tenantId} ${alarm.alarmTypeId} ${alarm.resource}`

/** A signal of another topic's heartbeat: time goes on beside the polls. */
function flowHeartbeats(fromMs: number, toMs: number): Output[] {
  const outputs: Output[] = []
  for (let atMs = fromMs, offset = 0n; atMs < toMs; atMs += 5_000, offset++) {
    for (const { id } of inventory.tenants) {
      const source = { topic: topics.flowsRaw, partition: 0, offset, logId: 'flows' }
      const value = toBinary(
        SignalRecordSchema,
        create(SignalRecordSchema, { tenantId: id, producerId: 'p', source, body: { case: 'heartbeat', value: {} } }),
      )
      outputs.push({ topic: topics.signals, record: { key: id, value, timestampMs: atMs } })
    }
  }
  return outputs
}

describe('what the fault is, told apart', () => {
  const blindFromMs = startMs + 3 * minute
  const blindToMs = startMs + 10 * minute
  const blindLog = pollLog((_, atMs) => atMs < blindFromMs || atMs >= blindToMs, 20 * minute)

  it('F72: a poller that hears nobody is one alarm to each client, and 500 devices none', () => {
    const { alarms } = alarmsOf(blindLog)
    expect(alarms.map(name).sort()).toEqual([0, 1, 2].map(i => `client-${i} telemetry-stale poller/poller-1`))
    for (const alarm of alarms) {
      expect(alarm).toMatchObject({ perceivedSeverity: 'critical', deviceId: null, siteId: null })
      expect(alarm.evidence.summary).toBeDefined()
      const afterMs = Date.parse(alarm.raisedAt) - blindFromMs
      expect(afterMs).toBeGreaterThan(0)
      expect(afterMs).toBeLessThanOrEqual(25_000)
      expect(alarm.condition).toBe('cleared')
    }
  })

  it('one dark site is one alarm with its devices as its evidence, and no poller is to blame', () => {
    const darkMs = startMs + 3 * minute
    const { alarms } = alarmsOf(pollLog((device, atMs) => device.site !== 'site-4' || atMs < darkMs, 8 * minute))
    const others = alarms.filter(alarm => alarm.alarmTypeId !== 'device-unreachable')
    expect(others.map(name)).toEqual(['client-1 site-dark site/site-4'])
    const [dark] = others
    expect(Date.parse(dark!.raisedAt) - darkMs).toBeLessThanOrEqual(120_000)
    expect(dark!.evidence.measured).toMatchObject({ silentDevices: 25 })
    const unreachable = alarms.filter(alarm => alarm.alarmTypeId === 'device-unreachable')
    expect(unreachable).toHaveLength(25)
    const explained = suppressionsOf(alarms)
    for (const alarm of unreachable) {
      expect(explained.get(alarm.alarmId)).toMatchObject({ by: dark!.alarmId, byType: 'site-dark' })
      // One poll and its timeouts.
      expect(Date.parse(alarm.raisedAt) - darkMs).toBeLessThanOrEqual(intervalMs + failsAfterMs)
    }
    expect(explained.has(dark!.alarmId)).toBe(false)
  })

  it('two dark sites among three are two alarms, also where the third has little to say', () => {
    const darkMs = startMs + 3 * minute
    const few = inventory.devices.filter(one => /^site-(0|3|6)-[0-4]$/.test(one.id))
    const { alarms } = alarmsOf(
      pollLog((device, atMs) => device.site === 'site-0' || atMs < darkMs, 8 * minute, few),
      [],
      undefined,
      streamConfigOf({ ...inventory, devices: few }, detectConfigSchema.parse({}), alarmConfigSchema.parse({})),
    )
    const others = alarms.filter(alarm => alarm.alarmTypeId !== 'device-unreachable')
    expect(others.map(name).sort()).toEqual(['client-0 site-dark site/site-3', 'client-0 site-dark site/site-6'])
    for (const alarm of others) expect(Date.parse(alarm.raisedAt) - darkMs).toBeLessThanOrEqual(120_000)
  })

  it('one dead device is itself, and none of its neighbours', () => {
    const { alarms } = alarmsOf(
      pollLog((device, atMs) => device.id !== 'site-7-3' || atMs < startMs + minute, 6 * minute),
    )
    expect(alarms.map(name)).toEqual(['client-1 device-unreachable device/site-7-3'])
  })

  it('polls that no longer come are said by the time that flows tell; a pause of everything is not', () => {
    const stopMs = startMs + 4 * minute
    const log = pollLog(() => true, 20 * minute).map(records =>
      records.filter(({ timestampMs }) => timestampMs < stopMs),
    )
    const { alarms } = alarmsOf(log, flowHeartbeats(startMs, startMs + 8 * minute))
    expect(alarms.map(name).sort()).toEqual([0, 1, 2].map(i => `client-${i} pipeline-lagging pipeline/weir.polls.v1`))
    expect(Date.parse(alarms[0]!.raisedAt) - stopMs).toBeLessThanOrEqual(100_000)
    const paused = flowHeartbeats(startMs, stopMs).concat(
      flowHeartbeats(startMs + 15 * minute, startMs + 15 * minute + 20_000),
    )
    expect(alarmsOf(log, paused).alarms).toEqual([])
  })

  it('hand-over at any epoch and a replay name every alarm the same, event by event', () => {
    const whole = alarmsOf(blindLog)
    expect(alarmsOf(blindLog, [], 37)).toEqual(whole)
    const dark = pollLog((device, atMs) => device.site !== 'site-4' || atMs < startMs + 3 * minute, 8 * minute)
    expect(alarmsOf(dark, [], 23)).toEqual(alarmsOf(dark))
  })
})

describe('a poller that is gone', () => {
  /** Two pollers share the devices; the second one's records after `goneMs` are taken away. */
  it('is said once to each client, and not device by device', () => {
    const goneMs = startMs + 3 * minute
    const rename = (records: readonly BusRecord[], partition: number, keep: (record: BusRecord) => boolean) =>
      records.flatMap(record => {
        const message = fromBinary(PollRecordSchema, record.value!)
        if (message.body.case === 'poll') {
          const second = Number(message.body.value.deviceId.split('-')[1]) % 2 === 1
          message.producerId = second ? 'poller-2' : 'poller-1'
          return keep(record) || !second ? [{ ...record, value: toBinary(PollRecordSchema, message) }] : []
        }
        return ['poller-1', 'poller-2'].flatMap(producerId => {
          if (producerId === 'poller-2' && !keep(record)) return []
          const heardMs = BigInt(record.timestampMs)
          const tenantIds = inventory.tenants.map(({ id }) => id)
          const half = create(PollerSightSchema, { devices: 250, sites: 10, heardMs, tenantIds })
          const body = { case: 'heartbeat', value: { intervalMs: 5_000, sight: half } } as const
          return [
            { ...record, value: toBinary(PollRecordSchema, create(PollRecordSchema, { producerId, body })), partition },
          ]
        })
      })
    const log = pollLog(() => true, 8 * minute).map((records, partition) =>
      rename(records, partition, record => record.timestampMs < goneMs).map((record, offset) => ({
        ...record,
        offset,
      })),
    )
    // With as many devices as the one that is gone had, the other would have taken over from it.
    const smaller = log.map(records =>
      records.map(record => {
        const message = fromBinary(PollRecordSchema, record.value!)
        if (message.body.case !== 'heartbeat' || message.producerId !== 'poller-1') return record
        message.body.value.sight!.devices = 249
        return { ...record, value: toBinary(PollRecordSchema, message) }
      }),
    )
    const { alarms } = alarmsOf(smaller)
    expect(alarms.map(name).sort()).toEqual([0, 1, 2].map(i => `client-${i} telemetry-stale poller/poller-2`))
    expect(alarms[0]!.evidence.summary).toContain('Poller poller-2 has written nothing since')
  })
})
