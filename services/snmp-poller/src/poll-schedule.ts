import type { Clock, Timer } from '../../../libs/kernel/src/index.ts'

export interface ScheduledPoll {
  /** Unique; a second one of the same key replaces nothing and is refused. */
  readonly key: string
  readonly intervalMs: number
  /** From now to the first run. */
  readonly firstAfterMs: number
  /**
   * From now to a point of the interval's grid, on which later runs lie; the first run's own unless given. The second run
   * then follows the first by half an interval at least, and by less than one and a half.
   */
  readonly gridAfterMs?: number
  /**
   * Resolves to whether the device answered; must not reject.
   * @param expedited an event asked for it, not the grid
   */
  run(expedited: boolean): Promise<boolean>
}

interface Entry {
  readonly poll: ScheduledPoll
  dueMs: number
  /** A point of the grid, until the first run has been due. */
  gridMs: number | undefined
  timer: Timer | undefined
  state: 'idle' | 'waiting' | 'running'
  /** Did not answer last time. */
  silent: boolean
  removed: boolean
  expedited: { timer: Timer | undefined; lastMs: number }
  /** The run under way is an expedited one, and what is to follow it. */
  runsExpedited: boolean
  next: 'none' | 'grid' | 'expedited'
}

export interface PollScheduleOptions {
  readonly inFlightMax: number
  /** Between two expedited runs of a device. */
  readonly expeditedGapMs: number
  readonly observeLag: (seconds: number) => void
}

/** A line card that dies sends a trap for each port: they share one poll. */
const expediteAfterMs = 150

/**
 * Runs each poll on its own grid. A run that is not done when the next is due makes that one skip, never overlap (F50).
 * At most `inFlightMax` run at once, and devices that did not answer last time share a quarter of those places among
 * themselves: however many are dead, those that live do not wait for them.
 */
export class PollSchedule {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #answering: Lane
  readonly #silent: Lane
  readonly #observeLag: (seconds: number) => void
  readonly #expeditedGapMs: number
  skipped = 0
  /** Runs that events asked for. */
  expedited = 0

  constructor(clock: Clock, { inFlightMax, expeditedGapMs, observeLag }: PollScheduleOptions) {
    this.#clock = clock
    this.#observeLag = observeLag
    this.#expeditedGapMs = expeditedGapMs
    const silentMax = Math.max(1, Math.floor(inFlightMax / 4))
    this.#silent = new Lane(silentMax)
    this.#answering = new Lane(Math.max(1, inFlightMax - silentMax))
  }

  get size(): number {
    return this.#entries.size
  }

  get waiting(): number {
    return this.#answering.waiting + this.#silent.waiting
  }

  get running(): number {
    return this.#answering.running + this.#silent.running
  }

  add(poll: ScheduledPoll): void {
    if (this.#entries.has(poll.key)) throw new Error(`"${poll.key}" is scheduled already`)
    const nowMs = this.#clock.monotonicMs()
    const entry: Entry = {
      poll,
      dueMs: nowMs + poll.firstAfterMs,
      gridMs: poll.gridAfterMs === undefined ? undefined : nowMs + poll.gridAfterMs,
      timer: undefined,
      state: 'idle',
      silent: false,
      removed: false,
      expedited: { timer: undefined, lastMs: Number.NEGATIVE_INFINITY },
      runsExpedited: false,
      next: 'none',
    }
    this.#entries.set(poll.key, entry)
    this.#arm(entry)
  }

  /** A run under way goes on to its end. */
  remove(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    entry.removed = true
    entry.timer?.cancel()
    entry.expedited.timer?.cancel()
    this.#entries.delete(key)
  }

  /**
   * Runs the poll soon, beside its grid: at once, or when the gap since the last time is over. However often it is asked
   * for meanwhile, it runs once; the run comes after the last thing that asked for it.
   */
  expedite(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry || entry.expedited.timer) return
    const nowMs = this.#clock.monotonicMs()
    const atMs = Math.max(nowMs + expediteAfterMs, entry.expedited.lastMs + this.#expeditedGapMs)
    entry.expedited.timer = this.#clock.after(atMs - nowMs, () => {
      entry.expedited = { timer: undefined, lastMs: this.#clock.monotonicMs() }
      this.expedited++
      // One that waits for its place has not asked anything yet; one under way may have read the state of before.
      if (entry.state === 'idle') this.#enter(entry, true)
      else if (entry.state === 'running' && entry.next === 'none') entry.next = 'expedited'
    })
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.remove(key)
  }

  #arm(entry: Entry): void {
    entry.timer = this.#clock.after(Math.max(0, entry.dueMs - this.#clock.monotonicMs()), () => this.#due(entry))
  }

  #due(entry: Entry): void {
    const dueMs = entry.dueMs
    const nowMs = this.#clock.monotonicMs()
    // A process that was stopped for an hour owes one poll, not a hundred.
    const missed = Math.floor(Math.max(0, nowMs - dueMs) / entry.poll.intervalMs)
    this.skipped += missed
    entry.dueMs += (missed + 1) * entry.poll.intervalMs
    if (entry.gridMs !== undefined) {
      const soonestMs = dueMs + entry.poll.intervalMs / 2
      const points = Math.ceil((soonestMs - entry.gridMs) / entry.poll.intervalMs)
      entry.dueMs = entry.gridMs + points * entry.poll.intervalMs
      entry.gridMs = undefined
    }
    this.#arm(entry)
    if (entry.runsExpedited) {
      entry.next = 'grid'
    } else if (entry.state !== 'idle') {
      this.skipped++
    } else {
      this.#enter(entry, false, dueMs + missed * entry.poll.intervalMs)
    }
  }

  #enter(entry: Entry, expedited: boolean, dueMs = this.#clock.monotonicMs()): void {
    entry.state = 'waiting'
    entry.runsExpedited = expedited
    const lane = entry.silent ? this.#silent : this.#answering
    lane.enter(async () => {
      if (!entry.removed) {
        entry.state = 'running'
        if (!expedited) this.#observeLag(Math.max(0, this.#clock.monotonicMs() - dueMs) / 1_000)
        entry.silent = !(await entry.poll.run(expedited))
      }
      const { next } = entry
      entry.state = 'idle'
      entry.runsExpedited = false
      entry.next = 'none'
      if (next !== 'none' && !entry.removed) this.#enter(entry, next === 'expedited')
    })
  }
}

/** At most `placesMax` tasks at once; the others wait in order. */
class Lane {
  readonly #placesMax: number
  readonly #queue: (() => Promise<void>)[] = []
  running = 0

  constructor(placesMax: number) {
    this.#placesMax = placesMax
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** The queue is bounded by the number of devices: each waits at most once. */
  enter(task: () => Promise<void>): void {
    this.#queue.push(task)
    this.#next()
  }

  #next(): void {
    if (this.running >= this.#placesMax) return
    const task = this.#queue.shift()
    if (!task) return
    this.running++
    void task().finally(() => {
      this.running--
      this.#next()
    })
  }
}
