/**
 * An exporter as its detectors see it at one moment of the log. Totals never fall, but for losses that came after all.
 */
export interface ExporterObservation {
  tenantId: string
  exporterId: string
  /** Of the inventory's device with its address; empty where there is none. */
  deviceId: string
  siteId: string
  /** The partition's watermark, milliseconds since the Unix epoch. */
  atMs: number
  /**
   * Time that passed in the log while a collector was writing: a pause of everything counts for nothing, so that nobody
   * is called silent because Weir itself was away.
   */
  logMs: number
  /** Arrival of its newest batch. */
  lastSeenMs: number
  totals: Readonly<ExporterTotals>
  /** Data sets that wait for their template now; arrivals of the eldest and the newest, 0 where none waits. */
  heldSets: number
  heldOldestMs: number
  heldNewestMs: number
  /** The exporter's clock less arrival; null for protocols without a clock. */
  clockSkewMs: number | null
}

export interface ExporterTotals {
  datagrams: number
  records: number
  sequenceReceived: number
  sequenceLost: number
  unscaledRecords: number
  heldDropped: number
  /** Datagrams the collector's side dropped: kernel, rate limit, full buffer. */
  kernelDrops: number
  rateLimitDrops: number
  bufferDrops: number
}
