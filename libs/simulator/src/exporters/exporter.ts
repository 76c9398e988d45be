import type { NetworkModel } from '../model/network-model.ts'
import type { ExporterSpec, SimulatedDevice } from '../model/topology.ts'
import { NetflowExporter } from './netflow-exporter.ts'
import { SflowExporter } from './sflow-exporter.ts'

export interface ExporterOptions {
  activeTimeoutMs: number
  inactiveTimeoutMs: number
  /** Templates and options data go out this often. */
  templateRefreshMs: number
  /** sFlow counters of an interface go out this often. */
  counterIntervalMs: number
}

export const defaultExporterOptions: ExporterOptions = {
  activeTimeoutMs: 60_000,
  inactiveTimeoutMs: 15_000,
  templateRefreshMs: 60_000,
  counterIntervalMs: 20_000,
}

/** One protocol's exporting, from one boot to the next. */
export interface ExportProcess {
  /** Datagrams that leave at `toMs`, having seen the traffic up to then. */
  advance(toMs: number): Buffer[]
  /** Datagrams with all that was seen and not yet exported. */
  flush(atMs: number): Buffer[]
}

/**
 * The exporter of one device. It is advanced in steps; the datagrams of a step are a function of the steps before, so
 * the same steps give the same bytes.
 */
export class SimulatedExporter {
  readonly device: SimulatedDevice
  readonly spec: ExporterSpec
  readonly #model: NetworkModel
  readonly #options: ExporterOptions
  #process: ExportProcess | undefined
  #bootNumber = -1

  constructor(model: NetworkModel, device: SimulatedDevice, spec: ExporterSpec, options: ExporterOptions) {
    this.device = device
    this.spec = spec
    this.#model = model
    this.#options = options
  }

  /** While the device is silent nothing leaves it; after a boot it begins with an empty cache and sequence 0. */
  advance(toMs: number): Buffer[] {
    const life = this.#model.life(this.device)
    if (life.isSilent(toMs)) {
      this.#process = undefined
      return []
    }
    const bootNumber = life.bootNumber(toMs)
    if (!this.#process || bootNumber !== this.#bootNumber) {
      this.#bootNumber = bootNumber
      this.#process = this.#begin(toMs, life.bootMs(bootNumber))
    }
    return this.#process.advance(toMs)
  }

  /** Exports what is held before its timeouts, as an operator's `clear ip flow` does. */
  flush(atMs: number): Buffer[] {
    return this.#process?.flush(atMs) ?? []
  }

  #begin(startMs: number, bootMs: number): ExportProcess {
    const { device, spec } = this
    const context = { model: this.#model, device, spec, options: this.#options, startMs, bootMs }
    return spec.protocol === 'sflow' ? new SflowExporter(context) : new NetflowExporter(context)
  }
}

export interface ExportContext {
  model: NetworkModel
  device: SimulatedDevice
  spec: ExporterSpec
  options: ExporterOptions
  startMs: number
  /** Boot of the device, milliseconds since the Unix epoch. */
  bootMs: number
}
