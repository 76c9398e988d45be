import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCommonFrame } from '../src/common-frame.ts'
import { FlowColumns } from '../src/flow-columns.ts'
import { readEthernetFrame } from '../src/frame-headers.ts'

/** Frames near the common one: each field that decides is what it takes, or something else. */
const frames = fc
  .record({
    noise: fc.uint8Array({ minLength: 48, maxLength: 80 }),
    type: fc.constantFrom(0x0800, 0x0800, 0x0800, 0x86dd, 0x8100, 0x8847),
    version: fc.constantFrom(0x45, 0x45, 0x45, 0x46, 0x65, 0x44),
    fragment: fc.constantFrom(0, 0, 0x4000, 0x2000, 1, 0x1fff),
    protocol: fc.constantFrom(6, 6, 17, 17, 1, 4, 47, 132),
    destinationPort: fc.constantFrom(443, 4_789, 6_081, 8_472),
    cut: fc.constantFrom(0, 30, 47, 48, 64, 80, 80),
  })
  .map(({ noise, type, version, fragment, protocol, destinationPort, cut }) => {
    const view = new DataView(noise.buffer, noise.byteOffset, noise.length)
    view.setUint16(12, type)
    view.setUint8(14, version)
    view.setUint16(20, fragment)
    view.setUint8(23, protocol)
    view.setUint16(36, destinationPort)
    return { view, end: Math.min(noise.length, cut) }
  })

const columnsOf = (flows: FlowColumns) => flows.views.map(view => [...view])

describe('the commonest sampled frame', () => {
  it('is read as any other, or left to the reader of all', () => {
    let common = 0
    fc.assert(
      fc.property(frames, fc.boolean(), ({ view, end }, inner) => {
        const [quick, whole] = [new FlowColumns(2), new FlowColumns(2)]
        const untouched = columnsOf(new FlowColumns(2))
        if (readCommonFrame(view, 0, end, quick, 1, inner)) {
          common++
          readEthernetFrame(view, 0, end, whole, 1, inner)
          expect(columnsOf(quick)).toEqual(columnsOf(whole))
        } else expect(columnsOf(quick)).toEqual(untouched)
      }),
      { numRuns: 3_000 },
    )
    expect(common).toBeGreaterThan(100)
  })
})
