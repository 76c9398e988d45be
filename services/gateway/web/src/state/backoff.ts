export const backoffFirstMs = 500
export const backoffMaxMs = 30_000

/**
 * Wait before attempt `attempt` (0 is the first retry): doubling from half a second to half a minute, with the upper
 * half of each step drawn at random, so that fifty screens do not knock on a returning gateway at once. There is no last
 * attempt.
 */
export function backoffMs(attempt: number, random: number): number {
  const step = Math.min(backoffMaxMs, backoffFirstMs * 2 ** Math.min(attempt, 16))
  return Math.round(step / 2 + (step / 2) * random)
}
