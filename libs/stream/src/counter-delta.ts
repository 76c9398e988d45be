/**
 * Why the traffic between two polls is not known. Closed list: the names are stored, shown and documented in
 * docs/explanation/counters.md.
 */
export const gapReasons = [
  /** Nothing to compare with yet. */
  'first-poll',
  /** The device did not answer. */
  'unreachable',
  /** The device answered, without these counters. */
  'not-answered',
  /** The device restarted between the polls. */
  'reboot',
  /** ifCounterDiscontinuityTime changed (RFC 2863 §3.1.5). */
  'discontinuity',
  /** A counter fell and it was no wrap. */
  'counter-reset',
  /** A 32-bit counter fell, and device time or speed do not prove a wrap. */
  'wrap-uncertain',
  /** A 32-bit counter may have wrapped more than once: the polls are further apart than its wrap time. */
  'wrap-ambiguous',
  /** More traffic than the interface can carry. */
  'rate-impossible',
  /** The counters changed their width. */
  'width-changed',
  /** The poller's clock was set. */
  'clock-stepped',
  /** The polls are too far apart to spread the traffic over the time between. */
  'interval-too-long',
  /** The interface had vanished from the device's table and is back. */
  'reappeared',
  /** The interface moved to another ifIndex without a reboot: its counters may be another instance. */
  'renumbered',
  /** The agent answered from its cache: same sysUpTime, same counters. The next poll covers the time. */
  'not-advanced',
  /** The poll is the last one again, or older than it. */
  'out-of-order',
] as const

export type GapReason = (typeof gapReasons)[number]

/** When a poll was made, by the poller's clock and by the device's. */
export interface PollTimes {
  /** Milliseconds since the Unix epoch. */
  atMs: number
  /** sysUpTime, hundredths of a second modulo 2^32; null: not answered. */
  upTimeCs: number | null
  /** snmpEngineTime or hrSystemUptime, seconds. */
  engineTimeS: number | null
}

/** Time between two polls of a device whose counters may be compared. */
export interface Elapsed {
  fromMs: number
  toMs: number
  /** Length for rates: device time where the clocks agree, else poll time. */
  durationMs: number
  /** Device time and poll time agree to 5 % or 2 s. */
  consistent: boolean
}

const upTimeModulus = 4_294_967_296
/** Older polls than this are no stragglers: the poller's clock was set back. */
const stragglerMsMax = 300_000

/**
 * Tells elapsed time from reboot, sysUpTime wrap (497 days) and a poller's clock that was set. `intervalMs` is the poll
 * interval; `durationMsMax` the longest time over which a delta may be spread.
 */
export function elapsedBetween(
  previous: PollTimes,
  next: PollTimes,
  intervalMs: number,
  durationMsMax: number,
): Elapsed | { gap: GapReason } {
  const wallMs = next.atMs - previous.atMs
  if (previous.upTimeCs === null || next.upTimeCs === null) {
    if (wallMs <= 0) return { gap: wallMs > -stragglerMsMax ? 'out-of-order' : 'clock-stepped' }
    if (wallMs > durationMsMax) return { gap: 'interval-too-long' }
    return { fromMs: previous.atMs, toMs: next.atMs, durationMs: wallMs, consistent: false }
  }
  const fell = next.upTimeCs < previous.upTimeCs
  const deviceMs = (next.upTimeCs - previous.upTimeCs + (fell ? upTimeModulus : 0)) * 10
  const consistent = wallMs > 0 && agree(deviceMs, wallMs)
  if (fell && !(consistent && !engineRestarted(previous, next))) {
    return { gap: wallMs <= 0 && wallMs > -stragglerMsMax ? 'out-of-order' : 'reboot' }
  }
  if (wallMs <= 0) return { gap: deviceMs === 0 ? 'out-of-order' : 'clock-stepped' }
  if (!consistent) {
    // A restart lets the device be up for no longer than the time since the last poll.
    const mayHaveRestarted = next.upTimeCs * 10 <= wallMs + Math.max(2_000, wallMs * 0.05)
    if (mayHaveRestarted && !engineRanOn(previous, next)) return { gap: 'reboot' }
    // The device counted one poll interval and the poller did not: it is the poller's clock that jumped. Otherwise the
    // agent's clock runs fast or slow, and the poller's is the better one.
    if (agree(deviceMs, intervalMs)) return { gap: 'clock-stepped' }
  }
  if (wallMs > durationMsMax) return { gap: 'interval-too-long' }
  return { fromMs: previous.atMs, toMs: next.atMs, durationMs: consistent ? deviceMs : wallMs, consistent }
}

function agree(aMs: number, bMs: number): boolean {
  return Math.abs(aMs - bMs) <= Math.max(2_000, bMs * 0.05)
}

/** hrSystemUptime, the engine time of agents without SNMPv3, is hundredths of a second too and wraps as sysUpTime does. */
const engineModulusS = 42_949_673

function engineRestarted(previous: PollTimes, next: PollTimes): boolean {
  if (previous.engineTimeS === null || next.engineTimeS === null) return false
  if (next.engineTimeS >= previous.engineTimeS) return false
  const wrappedMs = (next.engineTimeS - previous.engineTimeS + engineModulusS) * 1_000
  return Math.abs(wrappedMs - (next.atMs - previous.atMs)) > 3_000
}

function engineRanOn(previous: PollTimes, next: PollTimes): boolean {
  if (previous.engineTimeS === null || next.engineTimeS === null) return false
  const engineMs = (next.engineTimeS - previous.engineTimeS) * 1_000
  return engineMs > 0 && Math.abs(engineMs - (next.atMs - previous.atMs)) <= 3_000
}

/** What bounds a counter. */
export interface CounterKind {
  bits: 32 | 64
  /** Most the interface can count in a second at its speed; undefined where the speed is unknown or no bound. */
  perSecondMax: number | undefined
  /**
   * True for octets and packets: traffic can really wrap them between polls. Errors and discards cannot come near line
   * rate for that long.
   */
  atLineRate: boolean
}

/**
 * What one counter counted. A Counter64 that falls was reset: 64 bits of octets last 47 years at 100 Gbit/s. A Counter32
 * that falls has wrapped only where time is consistent, the polls are closer than the wrap time at the interface's speed
 * and the implied rate is possible; otherwise nothing is known.
 */
export function counterDelta(
  previous: bigint,
  next: bigint,
  kind: CounterKind,
  elapsed: Elapsed,
): { delta: bigint } | { gap: GapReason } {
  const seconds = elapsed.durationMs / 1_000
  const { perSecondMax } = kind
  const wrapSeconds = kind.bits === 32 && perSecondMax ? 4_294_967_296 / perSecondMax : Number.POSITIVE_INFINITY
  if (next >= previous) {
    if (kind.atLineRate && seconds >= wrapSeconds) return { gap: 'wrap-ambiguous' }
    const delta = next - previous
    if (perSecondMax && Number(delta) > 1.2 * perSecondMax * seconds) return { gap: 'rate-impossible' }
    return { delta }
  }
  if (kind.bits === 64) return { gap: 'counter-reset' }
  if (!elapsed.consistent || !perSecondMax) return { gap: 'wrap-uncertain' }
  if (seconds >= wrapSeconds) return { gap: 'wrap-ambiguous' }
  const delta = next + 4_294_967_296n - previous
  if (delta < 0n || Number(delta) > 1.05 * perSecondMax * seconds) return { gap: 'counter-reset' }
  return { delta }
}
