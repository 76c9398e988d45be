import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { alarmConfigSchema } from '../../../libs/alarms/src/index.ts'
import type { BusRecord } from '../../../libs/bus/src/index.ts'
import { detectConfigSchema, type FirmwarePolicy, wantedVersionSchema } from '../../../libs/detect/src/index.ts'
import { inventorySchema, PollRecordSchema, SignalRecordSchema, topics } from '../../../libs/model/src/index.ts'
import { newPollCounts, PollsWork } from '../src/polls/polls-work.ts'
import { streamConfigOf } from '../src/stream-config.ts'

const baseMs = Date.UTC(2026, 0, 1)

function work(states: ReadonlyMap<string, string> = new Map(), firmware?: FirmwarePolicy): PollsWork {
  const [detection, alarms] = [detectConfigSchema.parse({}), alarmConfigSchema.parse({})]
  const config = streamConfigOf(inventorySchema.parse({}), detection, alarms, undefined, firmware)
  const counts = newPollCounts()
  const one = new PollsWork({ topic: topics.polls, partition: 0, logId: 'log', producerId: 'test', config }, counts)
  one.restore(states)
  return one
}

function poll(offset: number, celsius: number, version: string): BusRecord {
  const startedMs = baseMs + offset * 60_000
  const message = create(PollRecordSchema, {
    tenantId: 'northwind',
    producerId: 'poller',
    body: {
      case: 'poll',
      value: {
        deviceId: 'edge-1',
        siteId: 'oslo',
        startedMs: BigInt(startedMs),
        completedMs: BigInt(startedMs),
        intervalMs: 60_000,
        health: { reachable: true },
        sysUpTimeCs: offset * 6_000 + 1_000,
        system: { version, os: 'junos' },
        hardware: {
          sensors: [{ id: '1.2.3', class: 'temperature', name: 'Inlet', value: celsius, highWarning: 60 }],
          peers: [{ protocol: 'bgp', address: '192.0.2.1', state: 'established' }],
        },
      },
    },
  })
  const value = toBinary(PollRecordSchema, message)
  return { topic: topics.polls, partition: 0, offset, key: 'northwind/edge-1', value, timestampMs: startedMs }
}

describe('rows of hardware', () => {
  it('are newest readings, their history by five minutes, and what changed', () => {
    const one = work()
    for (const [offset, celsius] of [40, 42, 44].entries()) one.process(poll(offset, celsius, offset < 2 ? '21' : '22'))
    const { blocks } = one.closeEpoch()
    const columns = Object.fromEntries(blocks.map(({ table, block }) => [table, block.columns]))
    expect(columns.sensors).toMatchObject({ value: [40, 42, 44], high_warning: [60, 60, 60], rev: [0n, 1n, 2n] })
    expect(columns.sensors?.low_warning).toEqual([Number.NaN, Number.NaN, Number.NaN])
    const window = baseMs / 1_000
    expect(columns.sensor_5m).toMatchObject({ window_start: [window, window, window], value_max: [40, 42, 44] })
    expect(JSON.parse(String(columns.device_hardware?.hardware_json?.[2]))).toMatchObject({
      peers: [{ protocol: 'bgp', address: '192.0.2.1', state: 'established' }],
    })
    expect(columns.device_changes).toMatchObject({ kind: ['version'], from_value: ['21'], to_value: ['22'] })
  })

  it('are the same after a restart between the polls', () => {
    const whole = work()
    whole.process(poll(0, 40, '21'))
    const { states } = whole.closeEpoch()
    const again = work(states)
    for (const one of [whole, again]) one.process(poll(1, 70, '22'))
    expect(again.closeEpoch()).toEqual(whole.closeEpoch())
  })

  it('name a change the same after a replay, and write what a device was only when it is another', () => {
    const first = work()
    first.process(poll(0, 40, '21'))
    const { states } = first.closeEpoch()
    expect([...states.keys()].sort()).toEqual(['changes/northwind/edge-1', 'device/northwind/edge-1', 'time'])
    const idOf = (one: PollsWork) => {
      one.process(poll(1, 41, '22'))
      const { blocks, states: after } = one.closeEpoch()
      expect(after.has('changes/northwind/edge-1')).toBe(true)
      return blocks.find(({ table }) => table === 'device_changes')?.block.columns.event_id
    }
    const [a, b] = [work(states), work(states)]
    expect(idOf(a)).toEqual(idOf(b))
    a.process(poll(2, 41, '22'))
    expect([...a.closeEpoch().states.keys()].sort()).toEqual(['device/northwind/edge-1', 'time'])
  })

  it('go on from what states of the version before knew', () => {
    const first = work()
    first.process(poll(0, 40, '21'))
    const states = new Map(first.closeEpoch().states)
    states.delete('changes/northwind/edge-1')
    const device = JSON.parse(states.get('device/northwind/edge-1')!) as object
    const facts = { os: 'junos', version: '20', hardware: '', serial: '' }
    states.set('device/northwind/edge-1', JSON.stringify({ ...device, facts }))
    const again = work(states)
    again.process(poll(1, 40, '21'))
    const { blocks } = again.closeEpoch()
    expect(blocks.find(({ table }) => table === 'device_changes')?.block.columns).toMatchObject({
      kind: ['version'],
      from_value: ['20'],
    })
  })

  it('are held against wanted versions and advisories, over a restart, until the device is upgraded', () => {
    const firmware = { wanted: [wantedVersionSchema.parse({ os: 'junos', version: '22.4R1' })], advisories: [] }
    const said = (one: PollsWork) =>
      one
        .takeOutputs()
        .filter(({ topic }) => topic === topics.signals)
        .map(({ record }) => fromBinary(SignalRecordSchema, record.value!).body)
        .flatMap(body => (body.case === 'condition' ? [`${body.value.alarmType} ${body.value.state}`] : []))
    const first = work(new Map(), firmware)
    first.process(poll(0, 40, '21.4R3'))
    expect(said(first)).toEqual(['firmware-outdated active'])
    const again = work(first.closeEpoch().states, firmware)
    again.process(poll(1, 40, '21.4R3'))
    expect(said(again)).toEqual([])
    again.process(poll(2, 40, '22.4R1-S1'))
    expect(said(again)).toEqual(['firmware-outdated cleared'])
  })

  it('are held against nothing once the lists are empty, which ends what was said', () => {
    const firmware = { wanted: [wantedVersionSchema.parse({ os: 'junos', version: '22.4R1' })], advisories: [] }
    const first = work(new Map(), firmware)
    first.process(poll(0, 40, '21.4R3'))
    const again = work(first.closeEpoch().states)
    again.process(poll(1, 40, '21.4R3'))
    expect(again.takeOutputs().filter(({ topic }) => topic === topics.signals)).toHaveLength(1)
  })
})
