import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { type StationReading, StationReadingSchema } from '../../../libs/model/src/index.ts'
import { noteStations, type StationBook } from '../src/polls/station-book.ts'

const startMs = Date.UTC(2026, 0, 1)
const ports = new Map([
  [1, 'sw1/ge-1'],
  [2, 'sw1/ge-2'],
])

function station(last: number, ifIndex = 1, vlan = 10, address: number[] = []): StationReading {
  const fields = { mac: Uint8Array.from([0, 30, 246, 1, last >> 8, last & 255]), address: Uint8Array.from(address) }
  return create(StationReadingSchema, { ...fields, ifIndex, vlan })
}

/** Takes readings five minutes apart; says what is written down of each. */
function watch(
  readings: readonly StationReading[][],
  before?: StationBook,
): { written: string[][]; book: StationBook } {
  let book = before
  const written = readings.map((reading, i) => {
    const found = noteStations(book, reading, ports, startMs + i * 300_000)
    book = JSON.parse(JSON.stringify(found.book)) as StationBook
    return found.news.map(one => `${one.mac} ${one.address} ${one.vlan} ${one.interfaceId}`)
  })
  return { written, book: book! }
}

describe('stations of a device', () => {
  it('are written down when they are new, when they moved, and once an hour', () => {
    const here = [station(3)]
    const { written } = watch([
      here,
      here,
      [station(3, 2)],
      [],
      [station(3, 2)],
      ...Array.from({ length: 9 }, () => [station(3, 2)]),
    ])
    expect(written.flatMap((one, i) => one.map(text => `${i}: ${text}`))).toEqual([
      '0: 00:1e:f6:01:00:03  10 sw1/ge-1',
      '2: 00:1e:f6:01:00:03  10 sw1/ge-2',
      '12: 00:1e:f6:01:00:03  10 sw1/ge-2',
    ])
  })

  it('give back the same book while nothing is news', () => {
    const first = noteStations(undefined, [station(3)], ports, startMs)
    expect(noteStations(first.book, [station(3)], ports, startMs + 300_000).book).toBe(first.book)
  })

  it('are of ports that are known, with addresses as text', () => {
    const v6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]
    expect(watch([[station(3, 9), station(4, 1, 0, [192, 0, 2, 7]), station(4, 1, 0, v6)]]).written).toEqual([
      ['00:1e:f6:01:00:04 192.0.2.7 0 sw1/ge-1', '00:1e:f6:01:00:04 2001:db8::7 0 sw1/ge-1'],
    ])
  })

  it('are bounded, and forgotten a day after they were last seen', () => {
    const many = Array.from({ length: 9_000 }, (_, i) => station(i))
    const { written, book } = watch([many, many])
    expect(written.map(one => one.length)).toEqual([8_192, 0])
    expect(Object.keys(noteStations(book, [], ports, startMs + 25 * 3_600_000).book)).toEqual([])
  })
})
