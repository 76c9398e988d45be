import type { Clock, Random } from '../../kernel/src/index.ts'
import { StoreError } from './store.ts'

export interface RetryPolicy {
  attemptsMax: number
  firstDelayMs: number
  delayMsMax: number
}

export const defaultRetryPolicy: RetryPolicy = { attemptsMax: 6, firstDelayMs: 100, delayMsMax: 5_000 }

export interface RetryContext {
  policy: RetryPolicy
  clock: Clock
  random: Random
  /** Told before each pause. */
  onRetry(error: StoreError, delayMs: number): void
  /** True once the store is stopping: the failure in hand is then final. */
  stopping(): boolean
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed `attemptsMax` times; pauses double and are spread by a
 * quarter, so that many writers do not come back at once. Safe for inserts because each attempt carries the same token.
 */
export async function withRetry<T>(context: RetryContext, attempt: () => Promise<T>): Promise<T> {
  const { policy, clock, random } = context
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (cause) {
      if (!(cause instanceof StoreError) || !cause.retryable || attempts >= policy.attemptsMax) throw cause
      if (context.stopping()) throw cause
      const delayMs = Math.min(policy.delayMsMax, policy.firstDelayMs * 2 ** (attempts - 1)) * (0.75 + random() / 2)
      context.onRetry(cause, delayMs)
      await new Promise<void>(resolve => clock.after(delayMs, resolve))
    }
  }
}
