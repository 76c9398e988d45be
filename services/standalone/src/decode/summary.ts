import type { DatagramReader, ExporterTally } from '../../../../libs/wire/src/index.ts'

interface Counts {
  datagrams: number
  records: number
  optionsRecords: number
  /** 64-bit sums can pass 2^53: decimal strings, as everywhere in Weir's JSON. */
  octets: string
  packets: string
  errors: Record<string, number>
}

/** The line of `--summary`. */
export interface DecodeSummary extends Counts {
  exporters: Record<string, Counts>
}

/** @param broken files that could not be read to their end */
export function summarize(reader: DatagramReader, broken: number): DecodeSummary {
  const tallies = [...reader.exporters]
  const total = summaryOf(tallies.map(([, tally]) => tally))
  if (broken > 0) total.errors['capture-invalid'] = broken
  return {
    ...total,
    exporters: Object.fromEntries(tallies.map(([exporter, tally]) => [exporter, summaryOf([tally])])),
  }
}

function summaryOf(tallies: readonly ExporterTally[]): Counts {
  const errors = new Map<string, number>()
  let [datagrams, records, optionsRecords] = [0, 0, 0]
  let [octets, packets] = [0n, 0n]
  for (const tally of tallies) {
    datagrams += tally.datagrams
    records += tally.records
    optionsRecords += tally.optionsRecords
    octets += tally.octets
    packets += tally.packets
    for (const [code, count] of tally.errors) errors.set(code, (errors.get(code) ?? 0) + count)
  }
  return {
    datagrams,
    records,
    optionsRecords,
    octets: octets.toString(),
    packets: packets.toString(),
    errors: Object.fromEntries(errors),
  }
}
