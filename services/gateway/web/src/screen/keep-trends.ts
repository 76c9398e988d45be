import type { Trend } from '../state/trend.ts'

const prefix = 'weir.wall.'

/** Takes trends up again where the page before this one left them, and leaves them to the next: reloads leave no gap. */
export function keepTrends(trends: Record<string, Trend>): void {
  for (const [name, trend] of Object.entries(trends)) {
    try {
      trend.restore(JSON.parse(sessionStorage.getItem(prefix + name) ?? 'null'))
    } catch {
      // Storage is switched off or holds something else: the trend begins now.
    }
  }
  addEventListener('pagehide', () => {
    for (const [name, trend] of Object.entries(trends)) {
      try {
        sessionStorage.setItem(prefix + name, JSON.stringify(trend.save()))
      } catch {
        // No storage, or no room in it.
      }
    }
  })
}
