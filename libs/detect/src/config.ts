import { z } from 'zod'

const ratio = z.number().min(0).max(1)
const count = z.int().positive()
const durationMs = z.int().nonnegative()

/** Levels of a ratio from which an alarm has a severity, in rising order. */
const levels = (warning: number, minor: number, major: number, critical: number) =>
  z
    .strictObject({
      warning: ratio.default(warning),
      minor: ratio.default(minor),
      major: ratio.default(major),
      critical: ratio.default(critical),
    })
    .prefault({})

const errorRatio = (defaults: {
  inControl: number
  outOfControl: number
  clearBelow: number
  clearAfterMs: number
  clearSilentMs: number
}) => ({
  /** Ratio that is healthy, and the one to be found soon: the CUSUM's two hypotheses. */
  inControl: ratio.default(defaults.inControl),
  outOfControl: ratio.default(defaults.outOfControl),
  /** Log-likelihood at which the CUSUM raises: e^14 polls between false alarms. */
  threshold: z.number().positive().default(14),
  /** Clears when the upper 95 % bound is below this for the time, or when nothing was counted for the longer time. */
  clearBelow: ratio.default(defaults.clearBelow),
  clearAfterMs: durationMs.default(defaults.clearAfterMs),
  clearSilentMs: durationMs.default(defaults.clearSilentMs),
})

/**
 * Thresholds of the detectors; each has a working default and can be set per tenant. docs/reference/detectors.md says
 * what each does and where its default comes from.
 */
export const detectConfigSchema = z.strictObject({
  linkSaturation: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Mean of five minutes from which it is raised. */
      raiseMean: ratio.default(0.9),
      /** Or: minutes at or above `raiseMinute` among the last five. */
      raiseMinute: ratio.default(0.95),
      raiseMinutes: z.int().min(1).max(5).default(3),
      clearBelow: ratio.default(0.85),
      clearMinutes: z.int().min(1).max(15).default(10),
      /** With congestion drops in the same direction: critical. */
      criticalFrom: ratio.default(0.98),
    })
    .prefault({}),
  linkUtilisationHigh: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Mean of 15 minutes. */
      raiseMean: ratio.default(0.8),
      clearBelow: ratio.default(0.75),
    })
    .prefault({}),
  congestionDrops: z
    .strictObject({
      enabled: z.boolean().default(true),
      ...errorRatio({
        inControl: 1e-6,
        outOfControl: 1e-4,
        clearBelow: 1e-5,
        clearAfterMs: 900_000,
        clearSilentMs: 7_200_000,
      }),
      /** Or: minutes at or above this ratio, three among the last five. */
      raiseMinute: ratio.default(1e-3),
      severities: levels(0, 1e-4, 1e-3, 1e-2),
    })
    .prefault({}),
  microbursts: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Minutes with drops among the last ten, each with at least so many, at less than this utilisation. */
      raiseMinutes: z.int().min(1).max(10).default(3),
      dropsInMinute: count.default(5),
      utilisationBelow: ratio.default(0.5),
    })
    .prefault({}),
  linkCorruption: z
    .strictObject({
      enabled: z.boolean().default(true),
      ...errorRatio({
        inControl: 1e-8,
        outOfControl: 1e-6,
        clearBelow: 1e-7,
        clearAfterMs: 1_800_000,
        clearSilentMs: 21_600_000,
      }),
      /** Where the device has no FCS counter: ifInErrors and ifOutErrors, held to ten times as much. */
      errorsFactor: z.number().positive().default(10),
      /** Polls that counted something among the last twenty: one burst is no failing link. */
      nonZeroPolls: z.int().min(1).max(20).default(2),
      /** Nothing is judged this long around a change of the link (ifLastChange): a plug in motion makes errors. */
      maskMs: durationMs.default(60_000),
      severities: levels(1e-7, 1e-6, 1e-5, 1e-3),
    })
    .prefault({}),
  linkDown: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  linkFlapping: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Penalty of one down; it halves every `halfLifeMs` (RFC 2439). */
      penaltyPerDown: z.number().positive().default(1_000),
      halfLifeMs: durationMs.default(300_000),
      raiseAt: z.number().positive().default(3_000),
      clearBelow: z.number().positive().default(750),
      /** Or: downs within five minutes, or within an hour. */
      downsInFiveMinutes: count.max(8).default(3),
      downsInHour: count.max(8).default(5),
      clearUpMs: durationMs.default(600_000),
    })
    .prefault({}),
  speedDowngrade: z.strictObject({ enabled: z.boolean().default(true), polls: count.default(2) }).prefault({}),
  deviceUnreachable: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Polls in a row without an answer. */
      polls: count.default(3),
      /** Or so many, where its host was asked too and did not answer, which it used to do. */
      confirmedPolls: count.default(1),
    })
    .prefault({}),
  snmpFailing: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Polls in a row that broke off in part. */
      polls: count.default(5),
      /** Or so many without any answer, while its host answers. */
      silentPolls: count.default(3),
    })
    .prefault({}),
  siteDark: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Share of a site's polled devices that do not answer, two at least; below `clearBelow` it is over. */
      raiseFrom: ratio.default(0.8),
      clearBelow: ratio.default(0.5),
      /** For this long; at once when the site said before that it runs on battery. */
      holdMs: durationMs.default(30_000),
      /** What a site said of its power counts for this long. */
      onBatteryMs: durationMs.default(14_400_000),
    })
    .prefault({}),
  probeLoss: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Lower 95 % bound of the share lost in the last 20 rounds, and how many at least. */
      raiseFrom: ratio.default(0.02),
      lostLeast: count.default(3),
      /** Or: rounds in a row without any answer. */
      unansweredRounds: count.default(3),
      /** Over when less than this was lost in so many rounds. */
      clearBelow: ratio.default(0.01),
      clearRounds: count.max(20).default(10),
      /** What never answers is major; so is what answers seldom. */
      severities: levels(0, 0.05, 0.2, 1),
    })
    .prefault({}),
  probeSlow: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** A round is slow when its median is so many times the usual one, this much above it, and so many deviations. */
      factor: z.number().min(1).default(2),
      leastMs: z.number().nonnegative().default(5),
      deviations: z.number().nonnegative().default(4),
      /** Slow rounds among the last five, and rounds that must have been seen before. */
      rounds: count.max(5).default(3),
      roundsLeast: count.default(20),
    })
    .prefault({}),
  pollerBlind: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** A poller that heard nobody of two sites or more for this long. */
      silentMs: durationMs.default(15_000),
    })
    .prefault({}),
  telemetryStale: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Intervals without a poll, answered or not; never less than `leastMs`. */
      intervals: count.default(3),
      leastMs: durationMs.default(30_000),
      /** Polls after which it ends. */
      polls: count.default(2),
    })
    .prefault({}),
  sensorLimit: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Readings in a row outside, and inside to end it. */
      readings: count.max(20).default(2),
    })
    .prefault({}),
  fanFailed: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  psuFailed: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  diskFailing: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  opticRxLow: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Readings in a row at or below the module's limit. */
      limitReadings: count.max(20).default(2),
      /** Or: this far below its own median for so many readings; from `dropMajorDb` it is major. */
      dropDb: z.number().positive().default(2),
      dropMajorDb: z.number().positive().default(3),
      dropReadings: count.max(20).default(3),
      /** Readings that make a median. */
      readingsLeast: count.default(12),
      /** Over when this near its median and this far above the limit, for the time. */
      backDb: z.number().positive().default(1),
      aboveLimitDb: z.number().nonnegative().default(0.5),
      clearAfterMs: durationMs.default(1_800_000),
    })
    .prefault({}),
  opticDegrading: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Days whose slope is looked at, and how many of them there must be. */
      windowDays: count.max(28).default(14),
      daysLeast: count.max(28).default(10),
      /** Meets its limit within so many days, falling by more than this a day whatever the noise. */
      crossesWithinDays: count.default(30),
      slopeLeastDb: z.number().nonnegative().default(0.005),
      /** Or: a day's swing beside the usual one, and at least this. */
      swingFactor: z.number().min(1).default(3),
      swingLeastDb: z.number().nonnegative().default(0.3),
      clearDays: count.default(7),
    })
    .prefault({}),
  laserAgeing: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Rise of the laser's current over its first days, at light within so many dB of theirs. */
      raiseRise: z.number().positive().default(0.3),
      clearRise: z.number().positive().default(0.2),
      txWithinDb: z.number().positive().default(1),
      /** Days that make what it was when new. */
      daysLeast: count.max(28).default(7),
    })
    .prefault({}),
  fecMargin: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Share of the code's limit, for the time; ends below the other one for the other time. */
      raiseShare: ratio.default(0.1),
      raiseAfterMs: durationMs.default(900_000),
      clearShare: ratio.default(0.03),
      clearAfterMs: durationMs.default(3_600_000),
    })
    .prefault({}),
  peerDown: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Readings without an OSPF neighbour that was up, and how long it is waited for. */
      missingReadings: count.max(20).default(2),
      forgetAfterMs: durationMs.default(86_400_000),
    })
    .prefault({}),
  firmwareOutdated: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
  exportLoss: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Share of an exporter's sequence units that did not come in five minutes, and how many at least. */
      raiseFrom: ratio.default(0.01),
      lostLeast: count.default(10),
      /** Share in ten minutes below which it ends. */
      clearBelow: ratio.default(0.002),
      severities: levels(0.01, 0.05, 0.2, 0.5),
    })
    .prefault({}),
  templateMissing: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Data may wait this long for its template. */
      waitMs: durationMs.default(60_000),
    })
    .prefault({}),
  samplingUnknown: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Share of an exporter's records without a known rate in five minutes, and how many at least. */
      raiseFrom: ratio.default(0.01),
      recordsLeast: count.default(10),
    })
    .prefault({}),
  clockSkew: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** Distance of an exporter's clock from arrival, either way. */
      raiseFromMs: durationMs.default(60_000),
      clearBelowMs: durationMs.default(30_000),
      /** For this long, both ways. */
      holdMs: durationMs.default(60_000),
    })
    .prefault({}),
  exporterStale: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** An exporter may be silent for so many times its longest pause of the last hours, within these bounds. */
      pauses: z.number().min(1).default(2),
      leastMs: durationMs.default(120_000),
      mostMs: durationMs.default(3_600_000),
      /** Looks (one each 5 s) at which it must have been heard before its silence means something. */
      heardLeast: count.default(6),
    })
    .prefault({}),
  powerOnBattery: z
    .strictObject({
      enabled: z.boolean().default(true),
      /** A supply that says each minute that it runs on battery (RFC 1628) and is silent this long does so no more. */
      repeatLostMs: durationMs.default(300_000),
    })
    .prefault({}),
  /** An interface is an uplink when its ifAlias holds one of these words, whatever the case. */
  uplinkWords: z
    .array(z.string().min(1).max(64))
    .max(64)
    .default(['uplink', 'wan', 'core', 'trunk', 'transit', 'peering', 'isp', 'internet', 'backbone']),
})

export type DetectConfig = z.infer<typeof detectConfigSchema>
/** What a tenant may write: every key optional. */
export type DetectConfigInput = z.input<typeof detectConfigSchema>

export const detectDefaults: DetectConfig = detectConfigSchema.parse({})
