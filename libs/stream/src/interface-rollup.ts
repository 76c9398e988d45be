import { type InterfaceId, parseInterfaceId } from '../../model/src/index.ts'
import type { InterfaceDeltas } from './interface-counters.ts'
import type { InterfaceRates } from './interface-rates.ts'
import type { WindowShares } from './window-split.ts'

/**
 * A partial row of `interface_1m`, named as the table's columns (without the tenant): rows of one window add up, maxima
 * and speed by the greater.
 */
export interface InterfaceWindowRow {
  /** Seconds since the Unix epoch. */
  window_start: number
  device_id: string
  interface_id: InterfaceId
  in_octets: bigint
  out_octets: bigint
  in_packets: bigint
  out_packets: bigint
  in_errors: bigint
  out_errors: bigint
  in_discards: bigint
  out_discards: bigint
  fcs_errors: bigint
  /** Milliseconds of the window that lie between the two polls. */
  observed_ms: number
  speed_bits_per_second: bigint
  in_bits_per_second_max: bigint
  out_bits_per_second_max: bigint
}

/** Splits one interval's deltas over the windows it spans and appends one row a window. */
export function interfaceWindowRows(
  rows: InterfaceWindowRow[],
  shares: WindowShares,
  one: { interfaceId: InterfaceId; poll: { speedBitsPerSecond: bigint } },
  interval: { fromMs: number; toMs: number; deltas: InterfaceDeltas; rates: InterfaceRates },
): void {
  const { deltas, rates } = interval
  const { deviceId } = parseInterfaceId(one.interfaceId)
  const count = shares.cut(interval.fromMs, interval.toMs)
  const portion = (delta: bigint | undefined, index: number): bigint =>
    delta === undefined ? 0n : shares.portionBig(delta, index)
  for (let index = 0; index < count; index++) {
    rows.push({
      window_start: shares.windowStartMs(index) / 1_000,
      device_id: deviceId,
      interface_id: one.interfaceId,
      in_octets: portion(deltas.inOctets, index),
      out_octets: portion(deltas.outOctets, index),
      in_packets: portion(deltas.inPackets, index),
      out_packets: portion(deltas.outPackets, index),
      in_errors: portion(deltas.inErrors, index),
      out_errors: portion(deltas.outErrors, index),
      in_discards: portion(deltas.inDiscards, index),
      out_discards: portion(deltas.outDiscards, index),
      fcs_errors: portion(deltas.fcsErrors, index),
      observed_ms: shares.overlapMs(index),
      speed_bits_per_second: one.poll.speedBitsPerSecond,
      in_bits_per_second_max: whole(rates.inBitsPerSecond),
      out_bits_per_second_max: whole(rates.outBitsPerSecond),
    })
  }
}

function whole(rate: number | null): bigint {
  return rate === null ? 0n : BigInt(Math.round(rate))
}
