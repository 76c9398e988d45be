import { fromBinary } from '@bufbuild/protobuf'
import type { BusRecord } from '../../../../libs/bus/src/index.ts'
import {
  type DetectConfig,
  type DetectedCondition,
  detectDefaults,
  detectExporter,
  type ExporterObservation,
  exporterSilentMs,
  forgetExporter,
} from '../../../../libs/detect/src/index.ts'
import { CounterByCode } from '../../../../libs/kernel/src/index.ts'
import {
  type DatagramBatch,
  exporterId,
  type FlowsRawRecord,
  FlowsRawRecordSchema,
  heartbeatIntervalMs,
  topics,
  type UnknownExporters,
} from '../../../../libs/model/src/index.ts'
import { advanceWatermark, initialWatermark, type WatermarkState, windowMs } from '../../../../libs/stream/src/index.ts'
import { addressText, FlowColumns } from '../../../../libs/wire/src/index.ts'
import { DerivedRecords } from '../derived-records.ts'
import type { LoadedDatabases } from '../enrichment/address-databases.ts'
import { Enrichments } from '../enrichment/enrichments.ts'
import { type EpochResult, type EpochWork, type Output, PoisonRecordError, type WorkContext } from '../epoch-work.ts'
import type { StreamConfig } from '../stream-config.ts'
import {
  type Exporter,
  type LiveWindow,
  newExporter,
  observationOf,
  restoredExporter,
  type SavedExporter,
  savedExporter,
} from './exporter.ts'
import { exporterLive } from './exporter-live.ts'
import { ExporterNameRows, savedNames } from './exporter-names.ts'
import { FlowRollup, type RollupExporter } from './flow-rollup.ts'
import { FlowRows } from './flow-rows.ts'
import { FlowTalkers } from './flow-talkers.ts'
import { assumeSampling, RateLimitScale } from './scale-sampling.ts'
import type { TemplateChange } from './template-notes.ts'

/** Exporters of one partition that are remembered; past it the one heard longest ago is forgotten (F10). */
const exportersMax = 10_000
/** Live panes are sent at most this often for an exporter (by the log's stamps). */
const paneIntervalMs = 2_000
/** A window is final for the live view once the partition's heartbeats are this far past its end. */
const finalAfterMs = 90_000
/** An exporter's health is sent at most this often when it changed, and this often while nothing does. */
const healthIntervalMs = heartbeatIntervalMs
const healthRepeatMs = 60_000
/** An exporter silent for an hour is off the screens; one silent for a week of the log is forgotten. */
const quietAfterMs = 3_600_000
const goneAfterMs = 7 * 86_400_000

const watermarkKey = 'watermark'
const exporterPrefix = 'exporter/'
/** What the exporter's options data named: see `LearnedNames`. */
const namesPrefix = 'exporter-names/'

/** What the process counts over all partitions, for metrics. */
export interface FlowCounts {
  datagrams: number
  records: number
  optionsRecords: number
  errors: CounterByCode
  kernelDrops: number
  rateLimitDrops: number
  forgottenExporters: number
  /** Exporters' states in the store that could not be read. */
  unreadableStates: number
  clampedRecords: number
  /** Records whose rollup row was folded into one of others at the bound. */
  foldedRecords: number
  /** Records counted with the rest of hosts or of conversations. */
  unlistedRecords: number
  templatesBeyond: number
  /** Names of options data that made room for others of their exporter. */
  namesBeyond: number
  conditions: CounterByCode
}

/** Nothing counted yet; the conditions may be counted with other stages'. */
export function newFlowCounts(conditions: CounterByCode = new CounterByCode()): FlowCounts {
  return {
    datagrams: 0,
    records: 0,
    optionsRecords: 0,
    errors: new CounterByCode(),
    kernelDrops: 0,
    rateLimitDrops: 0,
    forgottenExporters: 0,
    unreadableStates: 0,
    clampedRecords: 0,
    foldedRecords: 0,
    unlistedRecords: 0,
    templatesBeyond: 0,
    namesBeyond: 0,
    conditions,
  }
}

/** Plain JSON: how far the partition has come. */
interface Progress {
  watermark: WatermarkState
  /** Time of the log when exporters were last judged. */
  judgedLogMs: number
}

/** Flow datagrams of one partition: decoded, kept raw, and rolled up by minute of event time. */
export class FlowsWork implements EpochWork {
  readonly #context: WorkContext
  readonly #derived: DerivedRecords
  readonly #enrichments: Enrichments
  #config: StreamConfig
  #changingPorts: ReadonlySet<string>
  readonly #counts: FlowCounts
  readonly #exporters = new Map<string, Exporter>()
  readonly #flows = new FlowColumns()
  readonly #rows = new FlowRows()
  readonly #rollup = new FlowRollup()
  readonly #nameRows = new ExporterNameRows()
  readonly #talkers = new FlowTalkers()
  #progress: Progress = { watermark: initialWatermark, judgedLogMs: 0 }
  #progressChanged = false
  /** Exporters forgotten in this epoch. */
  readonly #forgotten = new Set<string>()

  constructor(context: WorkContext, counts: FlowCounts, databases: LoadedDatabases) {
    this.#enrichments = new Enrichments(databases)
    this.#context = context
    this.#derived = new DerivedRecords(context)
    this.#config = context.config
    this.#changingPorts = new Set(context.config.changingPorts)
    this.#counts = counts
  }

  restore(states: ReadonlyMap<string, string>): void {
    for (const [key, state] of states) {
      if (key === watermarkKey) {
        this.#progress = JSON.parse(state) as Progress
        continue
      }
      if (!key.startsWith(exporterPrefix)) continue
      const id = key.slice(exporterPrefix.length)
      this.#restoreExporter(id, state, states.get(namesPrefix + id))
    }
  }

  /** What another version left and this one cannot read costs the exporter its templates, not the partition its work. */
  #restoreExporter(id: string, state: string, names: string | undefined): void {
    try {
      const saved = JSON.parse(state) as SavedExporter
      const exporter = restoredExporter(id, saved, names ? JSON.parse(names) : undefined)
      this.#keyTemplates(exporter)
      this.#exporters.set(id, exporter)
    } catch {
      this.#counts.unreadableStates++
    }
  }

  configure(config: StreamConfig): void {
    this.#config = config
    this.#changingPorts = new Set(config.changingPorts)
    for (const exporter of this.#exporters.values()) this.#keyTemplates(exporter)
  }

  #keyTemplates({ decoder, address }: Exporter): void {
    decoder.setKeyBySourcePort(!this.#changingPorts.has(address))
  }

  process(record: BusRecord): void {
    const message = this.#parse(record)
    this.#derived.begin(record)
    switch (message.body.case) {
      case 'batch':
        this.#batch(record, message, message.body.value)
        return
      case 'heartbeat':
        this.#heartbeat(record, message.producerId)
        return
      case 'unknownExporters':
        this.#tellUnknown(record, message, message.body.value)
        return
      default:
        throw new PoisonRecordError('flows-body-unknown', 'the record has no batch, no heartbeat and no list')
    }
  }

  takeOutputs(): readonly Output[] {
    return this.#derived.take()
  }

  closeEpoch(): EpochResult {
    const states = new Map<string, string>()
    for (const exporter of this.#exporters.values()) {
      exporter.rollupIndex = -1
      exporter.rowsIndex = -1
      exporter.talkersIndex = -1
      const { names } = exporter.decoder
      if (names.version !== exporter.savedNamesVersion) {
        exporter.savedNamesVersion = names.version
        states.set(namesPrefix + exporter.id, savedNames(names))
        this.#nameRows.add(exporter.tenantId, exporter.id, names, exporter.lastSeenMs)
        this.#counts.namesBeyond += names.beyond
        names.beyond = 0
      }
      if (exporter.decoder.stateVersion === exporter.savedVersion && !exporter.changed) continue
      exporter.savedVersion = exporter.decoder.stateVersion
      exporter.changed = false
      states.set(exporterPrefix + exporter.id, JSON.stringify(savedExporter(exporter)))
    }
    for (const id of this.#forgotten) {
      if (this.#exporters.has(id)) continue
      states.set(exporterPrefix + id, '')
      states.set(namesPrefix + id, '')
    }
    this.#forgotten.clear()
    if (this.#progressChanged && this.#exporters.size > 0) states.set(watermarkKey, JSON.stringify(this.#progress))
    this.#progressChanged = false
    this.#counts.clampedRecords += this.#rollup.clampedRecords
    this.#counts.foldedRecords += this.#rollup.foldedRecords
    const { talkers, conversations } = this.#talkers.take()
    this.#counts.unlistedRecords += this.#talkers.unlistedRecords
    const blocks = [
      { table: 'flows', block: this.#rows.take(this.#flows) },
      { table: 'flow_1m', block: this.#rollup.take() },
      { table: 'exporter_names', block: this.#nameRows.take() },
      { table: 'talker_1h', block: talkers },
      { table: 'conversation_1h', block: conversations },
    ] as const
    this.#flows.reset()
    return { blocks: blocks.filter(({ block }) => block.length > 0), states }
  }

  #parse(record: BusRecord): FlowsRawRecord {
    try {
      return fromBinary(FlowsRawRecordSchema, record.value ?? new Uint8Array())
    } catch (cause) {
      throw new PoisonRecordError('flows-record-malformed', (cause as Error).message, { cause })
    }
  }

  #batch(record: BusRecord, message: FlowsRawRecord, batch: DatagramBatch): void {
    if (batch.length.reduce((sum, length) => sum + length, 0) !== batch.payload.length) {
      throw new PoisonRecordError('flows-batch-malformed', 'the lengths do not add up to the payload')
    }
    const exporter = this.#exporter(message, batch)
    exporter.lastSeenMs = record.timestampMs
    this.#counts.kernelDrops += Number(batch.kernelDrops)
    this.#counts.rateLimitDrops += Number(batch.rateLimitDrops)
    const firstReceivedMs = Number(batch.firstReceivedUs) / 1000
    const limited = new RateLimitScale(batch.length.length, Number(batch.rateLimitDrops))
    let offset = 0
    for (let i = 0; i < batch.length.length; i++) {
      const length = batch.length[i]!
      const receivedMs = Math.floor(firstReceivedMs + (batch.receivedOffsetUs[i] ?? 0) / 1000)
      const datagram = batch.payload.subarray(offset, offset + length)
      const from = this.#flows.length
      this.#decode(exporter, datagram, batch.sourcePort[i] ?? 0, receivedMs, batch.assumedSamplingRate)
      limited.apply(this.#flows.samplingRate, from, this.#flows.length)
      this.#rollUp(exporter, receivedMs, from)
      offset += length
    }
    exporter.health.noteBatch(batch, record.timestampMs)
    exporter.healthChanged = true
    exporter.changed = true
    if (record.timestampMs - exporter.lastPaneMs >= paneIntervalMs) this.#sendPanes(exporter, record)
    if (record.timestampMs - exporter.lastHealthMs >= healthIntervalMs) this.#sendHealth(exporter, record)
  }

  /** Rows of the datagram stand at the end of the columns. */
  #decode(
    exporter: Exporter,
    datagram: Uint8Array,
    sourcePort: number,
    receivedMs: number,
    assumedSamplingRate: number,
  ): void {
    const flows = this.#flows
    const counts = this.#counts
    const from = flows.length
    const outcome = exporter.decoder.decode(datagram, sourcePort, receivedMs, flows)
    const to = flows.length
    counts.datagrams++
    counts.records += to - from
    counts.optionsRecords += outcome.optionsRecords
    for (const error of outcome.errors) counts.errors.add(error.code)
    assumeSampling(flows.samplingRate, from, to, assumedSamplingRate)
    exporter.health.noteDatagram(datagram, receivedMs, flows, from, to)
  }

  #rollUp(exporter: Exporter, receivedMs: number, from: number): void {
    const flows = this.#flows
    const to = flows.length
    if (from === to) return
    if (exporter.rollupIndex < 0) {
      const { tenantId, collectorId, address, decoder } = exporter
      exporter.rollupIndex = this.#rollup.exporter(this.#described(exporter))
      exporter.rowsIndex = this.#rows.source({ tenantId, collectorId, address, names: decoder.names })
      exporter.talkersIndex = this.#talkers.exporter({ tenantId, exporterId: exporter.id })
    }
    this.#rows.note(exporter.rowsIndex, receivedMs, from, to)
    for (let i = from; i < to; i++) {
      this.#rollup.add(exporter.rollupIndex, flows, i)
      this.#talkers.add(exporter.talkersIndex, receivedMs, flows, i)
      addLive(exporter, flows, i)
    }
  }

  /** Sources that are not stored: screens show them with the position of this record. */
  #tellUnknown(record: BusRecord, { tenantId, collectorId }: FlowsRawRecord, list: UnknownExporters): void {
    const value = { collectorId, asOfMs: BigInt(record.timestampMs), list }
    this.#derived.live(tenantId, `unknown/${collectorId}`, { case: 'unknownExporters', value })
  }

  #described({ tenantId, address, id, decoder }: Exporter): RollupExporter {
    const deviceId = this.#config.exporterDevices?.[`${tenantId}/${address}`]
    const device = deviceId === undefined ? undefined : this.#config.devices[`${tenantId}/${deviceId}`]
    return {
      tenantId,
      exporterId: id,
      siteId: device?.site,
      role: device?.role,
      enrichment: this.#enrichments.of(this.#config, tenantId),
      applicationNamed: application => decoder.names.application(application),
    }
  }

  #exporter(message: FlowsRawRecord, batch: DatagramBatch): Exporter {
    const address = addressText(batch.exporterAddress)
    const id = exporterId(message.tenantId, message.collectorId, address)
    let exporter = this.#exporters.get(id)
    if (!exporter) {
      exporter = newExporter(message.tenantId, message.collectorId, address, id)
      this.#keyTemplates(exporter)
      this.#exporters.set(id, exporter)
    }
    return exporter
  }

  /** Time has passed in the log. */
  #heartbeat(record: BusRecord, producerId: string): void {
    const watermark = advanceWatermark(this.#progress.watermark, producerId, record.timestampMs)
    // Collectors beat side by side; exporters are judged once an interval.
    const { judgedLogMs } = this.#progress
    const judges = watermark.logMs - judgedLogMs >= 0.9 * heartbeatIntervalMs
    this.#progress = { watermark, judgedLogMs: judges ? watermark.logMs : judgedLogMs }
    this.#progressChanged = true
    this.#closeWindows(record)
    if (!judges) return
    this.#forget()
    for (const exporter of this.#exporters.values()) this.#judge(exporter)
    for (const exporter of this.#exporters.values()) {
      this.#repeatHealth(exporter, record, minuteOf(exporter, watermark.logMs) > minuteOf(exporter, judgedLogMs))
    }
    const tenants = new Set([...this.#exporters.values()].map(exporter => exporter.tenantId))
    for (const tenantId of tenants) this.#derived.heartbeat(tenantId)
  }

  #judge(exporter: Exporter): void {
    const { state, conditions } = detectExporter(exporter.detect, this.#observe(exporter), this.#detection)
    if (state === exporter.detect) return
    exporter.detect = state
    exporter.changed = true
    if (conditions.length > 0) exporter.healthChanged = true
    this.#say(exporter, conditions)
  }

  /** Lets go of exporters silent for very long, and, beyond the bound, of those heard longest ago. */
  #forget(): void {
    const { logMs } = this.#progress.watermark
    const gone = [...this.#exporters.values()].filter(one => exporterSilentMs(one.detect, logMs) > goneAfterMs)
    const over = this.#exporters.size - gone.length - exportersMax
    if (over > 0) {
      const oldest = [...this.#exporters.values()]
        .filter(one => !gone.includes(one))
        .sort((a, b) => a.lastSeenMs - b.lastSeenMs || (a.id < b.id ? -1 : 1))
      gone.push(...oldest.slice(0, over))
      this.#counts.forgottenExporters += over
    }
    for (const exporter of gone) {
      this.#exporters.delete(exporter.id)
      this.#forgotten.add(exporter.id)
      this.#noteTemplates(exporter.templates.forget())
      if (exporter.detect) this.#say(exporter, forgetExporter(exporter.detect, this.#observe(exporter)))
    }
  }

  #observe(exporter: Exporter): ExporterObservation {
    const { tenantId, address } = exporter
    const deviceId = this.#config.exporterDevices?.[`${tenantId}/${address}`] ?? ''
    const siteId = this.#config.devices[`${tenantId}/${deviceId}`]?.site ?? ''
    return observationOf(exporter, { deviceId, siteId }, this.#progress.watermark)
  }

  /** A configuration recorded by an earlier version lacks what came later. */
  get #detection(): DetectConfig {
    return { ...detectDefaults, ...this.#config.detection }
  }

  #say(exporter: Exporter, conditions: readonly DetectedCondition[]): void {
    for (const condition of conditions) {
      this.#counts.conditions.add(condition.alarmType)
      this.#derived.condition(exporter.tenantId, condition)
    }
  }

  /** At heartbeats: what changed, and each minute what did not, so that a gateway that starts learns of it. */
  #repeatHealth(exporter: Exporter, record: BusRecord, repeats: boolean): void {
    if (exporter.healthChanged) {
      if (record.timestampMs - exporter.lastHealthMs >= healthIntervalMs) this.#sendHealth(exporter, record)
    } else if (repeats && record.timestampMs - exporter.lastSeenMs <= quietAfterMs) {
      // Nothing of it is remembered: an exporter at rest costs no state rows.
      this.#emitHealth(exporter, record.timestampMs)
    }
  }

  #sendHealth(exporter: Exporter, record: BusRecord): void {
    exporter.lastHealthMs = record.timestampMs
    exporter.healthChanged = false
    exporter.changed = true
    this.#emitHealth(exporter, record.timestampMs)
    const { tenantId, id: exporterId } = exporter
    const { partition, offset } = record
    const source = { tenantId, exporterId, logId: this.#context.logId, partition, offset }
    this.#noteTemplates(exporter.templates.changes(exporter.decoder, source))
    this.#counts.templatesBeyond += exporter.templates.beyond
  }

  #emitHealth(exporter: Exporter, stampMs: number): void {
    const value = exporterLive(exporter, stampMs, this.#progress.watermark.watermarkMs)
    this.#derived.live(exporter.tenantId, exporter.address, { case: 'exporter', value })
  }

  #noteTemplates(changes: readonly TemplateChange[]): void {
    for (const { key, record } of changes) {
      this.#derived.other(topics.templates, key, record && Buffer.from(JSON.stringify(record)))
    }
  }

  #sendPanes(exporter: Exporter, record: BusRecord): void {
    exporter.lastPaneMs = record.timestampMs
    for (const [startMs, window] of exporter.windows) this.#sendWindow(exporter, startMs, window, false)
  }

  #closeWindows(record: BusRecord): void {
    for (const exporter of this.#exporters.values()) {
      for (const [startMs, window] of exporter.windows) {
        if (startMs + windowMs + finalAfterMs > record.timestampMs) continue
        exporter.windows.delete(startMs)
        exporter.changed = true
        this.#sendWindow(exporter, startMs, window, true)
      }
    }
  }

  #sendWindow(exporter: Exporter, startMs: number, window: LiveWindow, final: boolean): void {
    this.#derived.live(exporter.tenantId, exporter.address, {
      case: 'flowWindow',
      value: {
        exporterId: exporter.id,
        windowStartMs: BigInt(startMs),
        final,
        octets: BigInt(window.octets),
        packets: BigInt(window.packets),
        records: BigInt(window.records),
      },
    })
  }
}

/** Minutes of the log's time; each exporter's begin elsewhere, so that a partition's are not told of all at once. */
function minuteOf(exporter: Exporter, logMs: number): number {
  return Math.floor((logMs + exporter.phaseMs) / healthRepeatMs)
}

/** The window a record ends in carries all of it in the live view; the stored rollup splits it. */
function addLive(exporter: Exporter, flows: FlowColumns, i: number): void {
  const startMs = Math.floor(flows.endMs[i]! / windowMs) * windowMs
  let window = exporter.windows.get(startMs)
  if (!window) {
    window = { octets: 0, packets: 0, records: 0 }
    exporter.windows.set(startMs, window)
  }
  const rate = flows.samplingRate[i]! || 1
  window.octets += (flows.octetsWords[2 * i + 1]! * 4_294_967_296 + flows.octetsWords[2 * i]!) * rate
  window.packets += (flows.packetsWords[2 * i + 1]! * 4_294_967_296 + flows.packetsWords[2 * i]!) * rate
  window.records++
}
