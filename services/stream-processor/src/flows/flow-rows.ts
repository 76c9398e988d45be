import type { ColumnBlock } from '../../../../libs/store/src/index.ts'
import type { FlowColumns } from '../../../../libs/wire/src/index.ts'
import { flowFields, type RowNames } from './flow-fields.ts'

export interface FlowSource {
  tenantId: string
  collectorId: string
  /** The exporter's address as text. */
  address: string
  names: RowNames
}

const versionOfSflow = 105

/**
 * Raw rows of one epoch: the decoder's columns, and beside them which exporter sent a record and when it came.
 */
export class FlowRows {
  readonly #sources: FlowSource[] = []
  #source = new Uint32Array(4_096)
  #receivedMs = new Float64Array(4_096)

  source(source: FlowSource): number {
    return this.#sources.push(source) - 1
  }

  /** Notes source and arrival of the records `from` to `to` (exclusive) of the epoch's columns. */
  note(source: number, receivedMs: number, from: number, to: number): void {
    if (to > this.#source.length) this.#grow(to)
    this.#source.fill(source, from, to)
    this.#receivedMs.fill(receivedMs, from, to)
  }

  /** The block of table `flows`; its typed arrays are copies, so that the columns can be reused at once. */
  take(flows: FlowColumns): ColumnBlock {
    const n = flows.length
    const sources = this.#sources
    const bySource = (field: 'tenantId' | 'collectorId' | 'address'): string[] => {
      const values = new Array<string>(n)
      for (let i = 0; i < n; i++) values[i] = sources[this.#source[i]!]![field]
      return values
    }
    const block: ColumnBlock = {
      length: n,
      columns: {
        tenant_id: bySource('tenantId'),
        collector_id: bySource('collectorId'),
        exporter: bySource('address'),
        received_at: this.#receivedMs.slice(0, n),
        started_at: flows.startMs.slice(0, n),
        ended_at: flows.endMs.slice(0, n),
        protocol_version: flows.version.slice(0, n),
        source_address: flows.sourceAddress.slice(0, 16 * n),
        destination_address: flows.destinationAddress.slice(0, 16 * n),
        next_hop: flows.nextHop.slice(0, 16 * n),
        source_port: flows.sourcePort.slice(0, n),
        destination_port: flows.destinationPort.slice(0, n),
        protocol: flows.protocol.slice(0, n),
        tcp_flags: flows.tcpFlags.slice(0, n),
        tos: flows.tos.slice(0, n),
        input_interface: flows.inputInterface.slice(0, n),
        output_interface: flows.outputInterface.slice(0, n),
        source_as: flows.sourceAs.slice(0, n),
        destination_as: flows.destinationAs.slice(0, n),
        source_mask: flows.sourceMask.slice(0, n),
        destination_mask: flows.destinationMask.slice(0, n),
        vlan: flows.vlan.slice(0, n),
        direction: flows.direction.slice(0, n),
        sampling_rate: flows.samplingRate.slice(0, n),
        octets: flows.octets.slice(0, n),
        packets: flows.packets.slice(0, n),
        observation_domain: flows.observationDomain.slice(0, n),
        ...flowFields(flows, row => sources[this.#source[row]!]!.names),
      },
    }
    this.#sources.length = 0
    return block
  }

  #grow(needed: number): void {
    let capacity = this.#source.length
    while (capacity < needed) capacity *= 2
    const source = new Uint32Array(capacity)
    source.set(this.#source)
    this.#source = source
    const receivedMs = new Float64Array(capacity)
    receivedMs.set(this.#receivedMs)
    this.#receivedMs = receivedMs
  }
}

/** Name of a `version` column value, as API and screens show it. */
export function flowProtocolName(version: number): string {
  if (version === versionOfSflow) return 'sflow5'
  return version === 10 ? 'ipfix' : `netflow${version}`
}
