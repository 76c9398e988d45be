import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../libs/kernel/src/index.ts'
import type { ColumnBlock } from '../../../libs/store/src/index.ts'
import { FlowColumns } from '../../../libs/wire/src/index.ts'
import { FlowTalkers } from '../src/flows/flow-talkers.ts'

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 0, 1, 12)
const bounds = { keysMax: 64, listedMax: 16, linksMax: 8 }

interface Sent {
  exporter: number
  receivedMs: number
  source: number
  destination: number
  octets: bigint
}

/** Records between 10.0.x.y and 203.0.113.z on link 3 to 4, sampled 1 in 10. */
function send(talkers: FlowTalkers, sent: readonly Sent[]): void {
  const flows = new FlowColumns(sent.length)
  for (const one of sent) {
    const i = flows.length++
    flows.sourceAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, one.source >>> 8, one.source & 255], 16 * i)
    flows.destinationAddress.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 203, 0, 113, one.destination], 16 * i)
    flows.inputInterface[i] = 3
    flows.outputInterface[i] = 4
    flows.samplingRate[i] = 10
    flows.octets[i] = one.octets
    flows.packets[i] = 1n
    talkers.add(one.exporter, one.receivedMs, flows, i)
  }
}

interface Row {
  [column: string]: string | number | bigint
}

function rowsOf(block: ColumnBlock): Row[] {
  return Array.from({ length: block.length }, (_, row) =>
    Object.fromEntries(
      Object.entries(block.columns).map(([name, values]) => [
        name,
        name.endsWith('address')
          ? (values as Uint8Array).subarray(16 * row + 12, 16 * row + 16).join('.')
          : (values as ArrayLike<string | number | bigint>)[row]!,
      ]),
    ),
  )
}

const octetsOf = (rows: readonly Row[]) => rows.reduce((sum, row) => sum + (row.octets as bigint), 0n)

describe('hosts and conversations of an epoch', () => {
  it('are rows by exporter, link, hour of arrival and side', () => {
    const talkers = new FlowTalkers(bounds)
    const first = talkers.exporter({ tenantId: 'acme', exporterId: 'acme/c1/192.0.2.1' })
    const second = talkers.exporter({ tenantId: 'zeta', exporterId: 'zeta/c1/192.0.2.1' })
    send(talkers, [
      { exporter: first, receivedMs: startMs, source: 1, destination: 9, octets: 100n },
      { exporter: first, receivedMs: startMs + 5, source: 1, destination: 8, octets: 10n },
      { exporter: first, receivedMs: startMs + hourMs, source: 1, destination: 9, octets: 1n },
      { exporter: second, receivedMs: startMs, source: 1, destination: 9, octets: 5n },
    ])
    const taken = talkers.take()
    const shown = rowsOf(taken.talkers).map(row => [
      row.tenant_id,
      row.side,
      row.address,
      row.window_start,
      row.octets,
      row.records,
    ])
    const hour = startMs / 1_000
    expect(shown).toEqual([
      ['acme', 0, '10.0.0.1', hour, 1_100n, 2n],
      ['acme', 0, '10.0.0.1', hour + 3_600, 10n, 1n],
      ['acme', 1, '203.0.113.9', hour, 1_000n, 1n],
      ['acme', 1, '203.0.113.8', hour, 100n, 1n],
      ['acme', 1, '203.0.113.9', hour + 3_600, 10n, 1n],
      ['zeta', 0, '10.0.0.1', hour, 50n, 1n],
      ['zeta', 1, '203.0.113.9', hour, 50n, 1n],
    ])
    const pairs = rowsOf(taken.conversations)
    expect(
      pairs.map(row => [row.exporter_id, row.source_address, row.destination_address, row.octets, row.octets_exported]),
    ).toEqual([
      ['acme/c1/192.0.2.1', '10.0.0.1', '203.0.113.9', 1_000n, 100n],
      ['acme/c1/192.0.2.1', '10.0.0.1', '203.0.113.8', 100n, 10n],
      ['acme/c1/192.0.2.1', '10.0.0.1', '203.0.113.9', 10n, 1n],
      ['zeta/c1/192.0.2.1', '10.0.0.1', '203.0.113.9', 50n, 5n],
    ])
    expect(pairs.every(row => row.is_rest === 0 && row.input_interface === 3 && row.output_interface === 4)).toBe(true)
    expect(talkers.unlistedRecords).toBe(0)
    expect(talkers.take().talkers.length).toBe(0)
  })

  it('of a flood are few, with a rest that makes the totals exact, and another exporter stays as it is (F31)', () => {
    const random = seededRandom(3)
    const talkers = new FlowTalkers(bounds)
    for (let epoch = 0; epoch < 2; epoch++) {
      const flooded = talkers.exporter({ tenantId: 'acme', exporterId: 'acme/c1/192.0.2.1' })
      const quiet = talkers.exporter({ tenantId: 'acme', exporterId: 'acme/c1/192.0.2.2' })
      const forged = Array.from({ length: 5_000 }, () => ({
        exporter: flooded,
        receivedMs: startMs,
        source: Math.floor(random() * 65_536),
        destination: 9,
        octets: 64n,
      }))
      send(talkers, forged)
      send(talkers, [{ exporter: quiet, receivedMs: startMs, source: 1, destination: 9, octets: 7n }])
      const taken = talkers.take()
      for (const block of [taken.talkers, taken.conversations]) {
        const rows = rowsOf(block)
        const ofQuiet = rows.filter(row => row.exporter_id === 'acme/c1/192.0.2.2')
        expect(ofQuiet.every(row => row.octets === 70n && row.octets_unlisted_max === 0n)).toBe(true)
        expect(rows.length - ofQuiet.length).toBeLessThanOrEqual(2 * bounds.listedMax + 2)
      }
      const sources = rowsOf(taken.talkers).filter(
        row => row.exporter_id === 'acme/c1/192.0.2.1' && (row.side === 0 || row.side === 2),
      )
      expect(octetsOf(sources)).toBe(5_000n * 640n)
      const rest = sources.find(row => row.side === 2)!
      expect(rest).toMatchObject({ address: '0.0.0.0', input_interface: 3, output_interface: 4 })
      expect(rest.octets_unlisted_max as bigint).toBeLessThan(rest.octets as bigint)
      // Sources and conversations; the one destination is listed.
      expect(talkers.unlistedRecords).toBeGreaterThan(9_900)
    }
  })
})
