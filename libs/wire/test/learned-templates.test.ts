import { describe, expect, it } from 'vitest'
import { Exporter } from './decoding.ts'
import { ipfix, receivedMs, set, template, u32, v5, v5Record, v9 } from './packets.ts'

const layout: [number, number][] = [
  [1, 4],
  [2, 4],
]
const announced = (sequence: number, fields = layout) => v9([set(0, template(256, fields))], { sequence, domain: 7 })

describe('templates as learned', () => {
  it('lists a template with its place, its fields by name and how often it is announced', () => {
    const exporter = new Exporter()
    exporter.send(announced(0), { port: 1_000 })
    const version = exporter.decoder.templatesVersion
    exporter.send(announced(1), { port: 1_000, at: receivedMs + 60_000 })
    expect(exporter.decoder.templatesVersion).toBe(version)
    expect(exporter.decoder.counters.templateRefreshMs).toBe(60_000)
    expect(exporter.decoder.templates()).toMatchObject([
      {
        sourcePort: 1_000,
        version: 9,
        domain: 7,
        id: 256,
        options: false,
        fields: [{ name: 'octetDeltaCount', length: 4 }, { name: 'packetDeltaCount' }],
        firstSeenMs: receivedMs,
        lastSeenMs: receivedMs + 60_000,
        changedMs: receivedMs,
        refreshMs: 60_000,
      },
    ])
  })

  it('shows another layout under the same id, and no template that was taken back', () => {
    const exporter = new Exporter()
    exporter.send(announced(0))
    const before = exporter.decoder.templatesVersion
    exporter.send(announced(1, [[2, 4]]), { at: receivedMs + 1_000 })
    expect(exporter.decoder.templatesVersion).not.toBe(before)
    expect(exporter.decoder.templates()).toMatchObject([
      { fields: [{ name: 'packetDeltaCount' }], firstSeenMs: receivedMs, changedMs: receivedMs + 1_000 },
    ])
    const other = new Exporter()
    other.send(ipfix([set(2, template(300, layout))]))
    expect(other.decoder.templates()).toHaveLength(1)
    other.send(ipfix([set(2, template(300, []))]))
    expect(other.decoder.templates()).toEqual([])
  })

  it('comes back from a snapshot', () => {
    const exporter = new Exporter()
    exporter.send(announced(0))
    exporter.send(announced(1), { at: receivedMs + 5_000 })
    const restored = new Exporter({}, JSON.parse(JSON.stringify(exporter.decoder.snapshot())))
    expect(restored.decoder.templates()).toEqual(exporter.decoder.templates())
  })
})

describe('what losses are a share of', () => {
  it('counts flows for v5 and datagrams for v9', () => {
    const v5Exporter = new Exporter()
    v5Exporter.send(v5([v5Record(), v5Record()], { sequence: 10 }))
    v5Exporter.send(v5([v5Record()], { sequence: 15 }))
    expect(v5Exporter.decoder.counters).toMatchObject({ sequenceReceived: 3, sequenceLost: 3 })
    const v9Exporter = new Exporter()
    for (const sequence of [0, 1, 4]) v9Exporter.send(announced(sequence))
    expect(v9Exporter.decoder.counters).toMatchObject({ sequenceReceived: 3, sequenceLost: 2 })
  })

  it('tells since when data has waited for its template', () => {
    const exporter = new Exporter()
    expect(exporter.decoder.counters).toMatchObject({ heldOldestMs: 0, heldNewestMs: 0 })
    exporter.send(v9([set(256, u32(1), u32(1))], { sequence: 0, domain: 7 }))
    exporter.send(v9([set(256, u32(1), u32(1))], { sequence: 1, domain: 7 }), { at: receivedMs + 2_000 })
    expect(exporter.decoder.counters).toMatchObject({ heldOldestMs: receivedMs, heldNewestMs: receivedMs + 2_000 })
    exporter.send(announced(2))
    expect(exporter.decoder.counters).toMatchObject({ heldDatagrams: 0, heldOldestMs: 0 })
  })
})
