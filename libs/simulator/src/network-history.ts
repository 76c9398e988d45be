import { z } from 'zod'

export const networkHistorySchema = z.strictObject({
  startMs: z.number().nonnegative(),
  runsMs: z.array(z.number().nonnegative()).min(1),
})

/** What a process stores of a simulated network, so that the next one goes on with it. Milliseconds since the Unix epoch. */
export type NetworkHistory = z.infer<typeof networkHistorySchema>

/** A start this soon after the last run's goes on with that run: what was announced still comes. */
const sameRunMs = 600_000
/** An older network is left and a new one begun: to the poller, everything was switched off and on. */
const lifeMs = 24 * 3_600_000
const runsMax = 32

/**
 * What to start a simulated network with: the stored one, its counters going on, with the script of incidents begun anew where
 * its last beginning is some time ago; a new one where nothing usable was stored.
 */
export function continueHistory(stored: unknown, nowMs: number): NetworkHistory {
  const known = networkHistorySchema.safeParse(stored)
  const fresh = { startMs: nowMs, runsMs: [nowMs] }
  if (!known.success) return fresh
  const { startMs, runsMs } = known.data
  const lastMs = runsMs.at(-1)!
  if (nowMs < lastMs || nowMs - startMs > lifeMs || runsMs.length >= runsMax) return fresh
  return nowMs - lastMs <= sameRunMs ? known.data : { startMs, runsMs: [...runsMs, nowMs] }
}
