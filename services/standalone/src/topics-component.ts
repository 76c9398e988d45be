import { type Bus, BusError, type TopicSpec } from '../../../libs/bus/src/index.ts'
import type { Clock, Component, Logger, Timer } from '../../../libs/kernel/src/index.ts'

const retryMs = 2_000

export interface TopicsComponent extends Component {
  /** A component that starts once the topics exist: readers and whatever cannot do without them. */
  before(component: Component): Component
}

/**
 * Makes the topics. With no broker at start (F53) it goes on trying: sources start meanwhile and buffer, readers wait,
 * and the process is not ready. A topic that exists otherwise than declared is an error at once (F61).
 */
export function createTopicsComponent(
  bus: Bus,
  specs: readonly TopicSpec[],
  clock: Clock,
  log: Logger,
): TopicsComponent {
  let made = false
  let stopped = false
  let trouble = 'no broker answers yet'
  let timer: Timer | undefined
  let failed: (cause: unknown) => void = () => {}
  let succeeded: () => void = () => {}
  const exist = new Promise<void>((resolve, reject) => {
    succeeded = resolve
    failed = reject
  })
  exist.catch(() => {})

  async function attempt(): Promise<void> {
    await bus.createTopics(specs)
    made = true
    succeeded()
  }

  /** A broker that comes up answers all kinds of things at first; only what an operator must mend ends the trying. */
  function tryAgainAfter(cause: unknown): void {
    trouble = (cause as Error).message
    log.warn({ err: cause, retryMs }, 'the topics could not be made; trying again')
    if (!stopped) timer = clock.after(retryMs, () => void attempt().catch(tryAgainAfter))
  }

  return {
    name: 'topics',
    async start() {
      try {
        await attempt()
      } catch (cause) {
        if (cause instanceof BusError && (cause.code === 'topic-mismatch' || cause.code === 'not-authorised'))
          throw cause
        tryAgainAfter(cause)
      }
    },
    async stop() {
      stopped = true
      timer?.cancel()
      failed(new Error('stopped before a broker answered'))
    },
    readiness: () => (made ? { ready: true } : { ready: false, reason: trouble }),
    before: component => ({
      name: component.name,
      async start() {
        await exist
        await component.start()
      },
      stop: () => component.stop(),
      readiness: () => component.readiness?.() ?? { ready: true },
    }),
  }
}
