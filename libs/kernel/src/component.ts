import type { Logger } from './log.ts'

/**
 * A part with a life: an inert factory makes it, `start` acquires what it needs and `stop` gives it back. A component
 * that failed to start has released what it had taken. `stop` may be called once, after a successful `start`.
 */
export interface Component {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
  /** Absent means ready once started. */
  readiness?(): Readiness
}

export interface Readiness {
  ready: boolean
  /** Why not, for the operator who asks `/-/ready`. */
  reason?: string
}

export interface ComponentGroup extends Component {
  readiness(): Readiness
}

/**
 * Starts its members in the order given (sinks first) and stops them in reverse (sources first). When one fails to
 * start, those already started are stopped and the failure is rethrown.
 */
export function componentGroup(name: string, members: readonly Component[], log: Logger): ComponentGroup {
  const started: Component[] = []

  async function stopStarted(): Promise<unknown[]> {
    const failures: unknown[] = []
    for (let member = started.pop(); member; member = started.pop()) {
      try {
        await member.stop()
        log.debug({ component: member.name }, 'stopped')
      } catch (cause) {
        log.error({ component: member.name, err: cause }, 'did not stop cleanly')
        failures.push(cause)
      }
    }
    return failures
  }

  return {
    name,
    async start() {
      for (const member of members) {
        try {
          await member.start()
        } catch (cause) {
          await stopStarted()
          throw new Error(`${member.name} did not start`, { cause })
        }
        started.push(member)
        log.debug({ component: member.name }, 'started')
      }
    },
    async stop() {
      const failures = await stopStarted()
      if (failures.length > 0)
        throw new AggregateError(failures, `${failures.length} parts of ${name} did not stop cleanly`)
    },
    readiness() {
      if (started.length < members.length)
        return { ready: false, reason: `${started.length} of ${members.length} parts started` }
      for (const member of started) {
        const state = member.readiness?.()
        if (state && !state.ready) return { ready: false, reason: `${member.name}: ${state.reason ?? 'not ready'}` }
      }
      return { ready: true }
    },
  }
}
