import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Exporter } from './decoding.ts'
import {
  flowSample,
  ipfix,
  receivedMs,
  set,
  sflow,
  template,
  u8,
  u32,
  v5,
  v5Record,
  v9,
  v9OptionsTemplate,
} from './packets.ts'

const data = (value: number): number[] => set(256, u32(value), u32(1))

/** What one exporter may send, by number: templates, options, data with and without template, gaps, repeats. */
const kinds: ((sequence: number) => Uint8Array)[] = [
  sequence =>
    v9(
      [
        set(
          0,
          template(256, [
            [1, 4],
            [2, 4],
          ]),
        ),
      ],
      { sequence },
    ),
  sequence =>
    v9(
      [
        set(
          0,
          template(256, [
            [2, 4],
            [1, 4],
          ]),
        ),
      ],
      { sequence },
    ),
  sequence => v9([data(sequence)], { sequence }),
  sequence => v9([data(sequence)], { sequence, domain: 9 }),
  sequence =>
    v9([set(1, v9OptionsTemplate(257, [[2, 4]], [[34, 4]])), set(257, u32(0), u32(sequence + 1))], { sequence }),
  sequence =>
    v9(
      [
        set(
          1,
          v9OptionsTemplate(
            258,
            [[1, 4]],
            [
              [48, 1],
              [50, 4],
            ],
          ),
        ),
        set(258, u32(0), u8(sequence), u32(9)),
      ],
      { sequence },
    ),
  sequence =>
    ipfix(
      [
        data(sequence),
        set(
          2,
          template(300, [
            [22, 4],
            [21, 4],
          ]),
        ),
        set(300, u32(5), u32(9)),
      ],
      { sequence },
    ),
  sequence => v5([v5Record({ octets: sequence })], { sequence, seconds: 1_600_000_000 }),
  sequence => sflow([flowSample([], { sequence })], { sequence }),
  sequence => v9([data(sequence)], { sequence: Math.max(0, sequence - 2) }),
]

describe('snapshot', () => {
  it('carries all that decoding depends on: what follows is the same, to the byte', () => {
    const kind = fc.nat({ max: kinds.length - 1 })
    fc.assert(
      fc.property(
        fc.array(kind, { minLength: 1, maxLength: 12 }),
        fc.array(kind, { minLength: 1, maxLength: 12 }),
        (before, after) => {
          const first = new Exporter()
          for (const [index, k] of before.entries()) first.send(kinds[k]!(index), { at: receivedMs + index })
          const text = JSON.stringify(first.decoder.snapshot())
          const second = new Exporter({}, JSON.parse(text))
          expect(JSON.stringify(second.decoder.snapshot())).toBe(text)
          for (const [index, k] of after.entries()) {
            const [datagram, at] = [kinds[k]!(before.length + index), receivedMs + before.length + index]
            const a = first.send(datagram, { at })
            const b = second.send(datagram, { at })
            expect({ ...b, columns: 0 }).toEqual({ ...a, columns: 0 })
          }
          expect(JSON.stringify(second.decoder.snapshot())).toBe(JSON.stringify(first.decoder.snapshot()))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is the same while the version is, and begins afresh from what is no snapshot', () => {
    const exporter = new Exporter()
    const before = exporter.decoder.stateVersion
    expect(exporter.decoder.stateVersion).toBe(before)
    exporter.send(kinds[0]!(0))
    expect(exporter.decoder.stateVersion).not.toBe(before)
    for (const nonsense of [null, 5, 'x', {}, { format: 99, sessions: [] }]) {
      expect(new Exporter({}, nonsense).send(v5([v5Record()])).records).toBe(1)
    }
  })
})
