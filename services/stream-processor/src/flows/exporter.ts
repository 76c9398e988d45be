import type { ExporterDetectState, ExporterObservation } from '../../../../libs/detect/src/index.ts'
import { parseExporterId } from '../../../../libs/model/src/index.ts'
import { createExporterDecoder, type ExporterDecoder } from '../../../../libs/wire/src/index.ts'
import { ExporterHealth, type SavedHealth } from './exporter-health.ts'
import { haveRow } from './exporter-names.ts'
import { type SavedTemplates, TemplateNotes } from './template-notes.ts'

/** One exporter of the partition: its decoder, and what live views and detectors need to know of it. */
export interface Exporter {
  id: string
  tenantId: string
  collectorId: string
  address: string
  decoder: ExporterDecoder
  health: ExporterHealth
  templates: TemplateNotes
  detect: ExporterDetectState | undefined
  /** Version of the decoder's state in the last state row. */
  savedVersion: number
  /** The same of the names that options data taught: a state row of their own, as they are many and change seldom. */
  savedNamesVersion: number
  windows: Map<number, LiveWindow>
  /** What is saved beside the decoder changed since the last state row. */
  changed: boolean
  /** Its health changed since it was last sent. */
  healthChanged: boolean
  /** Where in a minute it is told of while nothing changes. */
  phaseMs: number
  lastPaneMs: number
  lastHealthMs: number
  lastSeenMs: number
  /** Numbers of this exporter in the epoch's rollup and raw rows; -1 while it sent nothing in this epoch. */
  rollupIndex: number
  rowsIndex: number
  /** In the epoch's hosts; -1 when it has none there yet. */
  talkersIndex: number
}

/** Sums for screens: doubles, exact to 2^53. The stored rollup is exact beyond. */
export interface LiveWindow {
  octets: number
  packets: number
  records: number
}

/** Plain JSON: the exporter's state piece. What came with a later version is absent in older rows. */
export interface SavedExporter {
  decoder: unknown
  windows: [startMs: number, octets: number, packets: number, records: number][]
  lastSeenMs: number
  health?: SavedHealth
  templates?: SavedTemplates
  detect?: ExporterDetectState
  lastPaneMs?: number
  lastHealthMs?: number
  healthChanged?: boolean
}

export function newExporter(tenantId: string, collectorId: string, address: string, id: string): Exporter {
  return exporterOf(id, { tenantId, collectorId, address }, createExporterDecoder({}), undefined)
}

export function restoredExporter(id: string, saved: SavedExporter, names: unknown): Exporter {
  const exporter = exporterOf(id, parseExporterId(id), createExporterDecoder({}, saved.decoder, names), saved)
  // Before migration 0011 names were remembered and not written down.
  if (names !== undefined && !haveRow(names)) exporter.savedNamesVersion = -1
  return exporter
}

export function savedExporter(exporter: Exporter): SavedExporter {
  return {
    decoder: exporter.decoder.snapshot(),
    windows: [...exporter.windows]
      .sort(([a], [b]) => a - b)
      .map(([startMs, { octets, packets, records }]) => [startMs, octets, packets, records]),
    lastSeenMs: exporter.lastSeenMs,
    health: exporter.health.save(),
    templates: exporter.templates.save(),
    ...(exporter.detect ? { detect: exporter.detect } : {}),
    lastPaneMs: exporter.lastPaneMs,
    lastHealthMs: exporter.lastHealthMs,
    healthChanged: exporter.healthChanged,
  }
}

export function observationOf(
  exporter: Exporter,
  device: { deviceId: string; siteId: string },
  at: { watermarkMs: number; logMs: number },
): ExporterObservation {
  const { health } = exporter
  return {
    tenantId: exporter.tenantId,
    exporterId: exporter.id,
    ...device,
    atMs: at.watermarkMs,
    logMs: at.logMs,
    lastSeenMs: exporter.lastSeenMs,
    totals: health.totals,
    heldSets: health.heldSets,
    heldOldestMs: health.heldOldestMs,
    heldNewestMs: health.heldNewestMs,
    clockSkewMs: health.clockSkewMs,
  }
}

function exporterOf(
  id: string,
  { tenantId, collectorId, address }: ReturnType<typeof parseExporterId>,
  decoder: ExporterDecoder,
  saved: SavedExporter | undefined,
): Exporter {
  return {
    id,
    tenantId,
    collectorId,
    address,
    decoder,
    health: new ExporterHealth(decoder, saved?.health),
    templates: new TemplateNotes(saved?.templates),
    detect: saved?.detect,
    savedVersion: saved ? decoder.stateVersion : -1,
    savedNamesVersion: decoder.names.version,
    windows: new Map(
      saved?.windows.map(([startMs, octets, packets, records]) => [startMs, { octets, packets, records }]),
    ),
    changed: false,
    healthChanged: saved?.healthChanged ?? false,
    phaseMs: phaseOf(id),
    lastPaneMs: saved?.lastPaneMs ?? 0,
    lastHealthMs: saved?.lastHealthMs ?? 0,
    lastSeenMs: saved?.lastSeenMs ?? 0,
    rollupIndex: -1,
    rowsIndex: -1,
    talkersIndex: -1,
  }
}

/** A number of the id alone, 0 to 60,000. */
function phaseOf(id: string): number {
  let hash = 0
  for (let i = 0; i < id.length; i++) hash = (Math.imul(hash, 31) + id.charCodeAt(i)) | 0
  return (hash >>> 0) % 60_000
}
