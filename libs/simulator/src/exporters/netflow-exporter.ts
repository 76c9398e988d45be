import type { FlowRecord } from '../flow-encoders/flow-record.ts'
import { encodeIpfix, ipfixRecordsThatFit } from '../flow-encoders/ipfix.ts'
import { encodeNetflowV5, netflowV5RecordsMax } from '../flow-encoders/netflow-v5.ts'
import { encodeNetflowV9, netflowV9RecordsThatFit } from '../flow-encoders/netflow-v9.ts'
import { encodeNetflowV9Names } from '../flow-encoders/netflow-v9-names.ts'
import type { ExportContext, ExportProcess } from './exporter.ts'
import { FlowCache } from './flow-cache.ts'
import { translated } from './translation.ts'

/** NetFlow v5, v9 or IPFIX from a flow cache. */
export class NetflowExporter implements ExportProcess {
  readonly #context: ExportContext
  readonly #cache: FlowCache
  /** In the protocol's own unit: flows (v5), datagrams (v9), data records (IPFIX). */
  #sequence = 0
  #templatesDueMs: number

  constructor(context: ExportContext) {
    this.#context = context
    const { model, device, spec, options, startMs } = context
    this.#templatesDueMs = startMs
    this.#cache = new FlowCache(
      model,
      device,
      {
        samplingRate: spec.samplingRate,
        activeTimeoutMs: options.activeTimeoutMs,
        inactiveTimeoutMs: options.inactiveTimeoutMs,
        octetsMax: spec.protocol === 'ipfix' ? Number.MAX_SAFE_INTEGER : 2 ** 32 - 1,
      },
      startMs,
    )
  }

  advance(toMs: number): Buffer[] {
    const datagrams: Buffer[] = []
    const { options, spec } = this.#context
    if (spec.protocol !== 'netflow-v5' && toMs >= this.#templatesDueMs) {
      this.#templatesDueMs = toMs + options.templateRefreshMs
      datagrams.push(this.#encode(toMs, [], true), ...this.#names(toMs))
    }
    datagrams.push(...this.#encodeAll(toMs, this.#cache.advance(toMs)))
    return datagrams
  }

  flush(atMs: number): Buffer[] {
    return this.#encodeAll(atMs, this.#cache.flush())
  }

  /** What interfaces and VRFs are called, as often as templates come. */
  #names(exportMs: number): Buffer[] {
    const { model, device, spec, bootMs } = this.#context
    if (!spec.announces || spec.protocol !== 'netflow-v9') return []
    const life = model.life(device)
    const interfaces = life
      .portsByIfIndex(exportMs)
      .map(port => [life.ifIndex(port, exportMs), port.ifName, port.ifAlias] as const)
    const header = () => ({ exportMs, bootMs, sequence: this.#sequence++, sourceId: spec.observationDomain })
    return encodeNetflowV9Names(header, { interfaces, vrfs: spec.announces.vrfs })
  }

  #encodeAll(exportMs: number, seen: readonly FlowRecord[]): Buffer[] {
    const { natPool } = this.#context.spec
    const records = natPool ? seen.map(record => translated(record, natPool)) : seen
    const datagrams: Buffer[] = []
    for (let from = 0; from < records.length; ) {
      const count = Math.max(1, this.#recordsThatFit(records, from))
      datagrams.push(this.#encode(exportMs, records.slice(from, from + count), false))
      from += count
    }
    return datagrams
  }

  #recordsThatFit(records: readonly FlowRecord[], from: number): number {
    switch (this.#context.spec.protocol) {
      case 'netflow-v5':
        return Math.min(netflowV5RecordsMax, records.length - from)
      case 'netflow-v9':
        return netflowV9RecordsThatFit(records, from, this.#context.spec.natPool !== undefined)
      default:
        return ipfixRecordsThatFit(records, from)
    }
  }

  #encode(exportMs: number, records: readonly FlowRecord[], templates: boolean): Buffer {
    const { spec, bootMs } = this.#context
    const sequence = this.#sequence
    // Options data goes with the templates: exporters refresh both together.
    const sampler = templates && spec.samplingRate > 1 ? 1 : 0
    const content = {
      templates,
      records,
      ...(spec.samplingRate > 1 && { samplingRate: spec.samplingRate }),
    }
    switch (spec.protocol) {
      case 'netflow-v5':
        this.#sequence += records.length
        return encodeNetflowV5(
          {
            exportMs,
            bootMs,
            flowSequence: sequence,
            engineType: 0,
            engineId: spec.observationDomain,
            samplingRate: spec.samplingRate,
          },
          records,
        )
      case 'netflow-v9':
        this.#sequence++
        return encodeNetflowV9(
          { exportMs, bootMs, sequence, sourceId: spec.observationDomain },
          { ...content, translates: spec.natPool !== undefined },
        )
      default:
        this.#sequence += records.length + sampler
        return encodeIpfix({ exportMs, sequence, observationDomain: spec.observationDomain }, content)
    }
  }
}
