import { type Random, seededRandom, seedOf } from '../../libs/kernel/src/index.ts'

/** What goes wrong with a link, or with its whole device. */
export type FaultKind =
  | 'corruption'
  | 'congestion'
  | 'microbursts'
  | 'saturation'
  | 'flapping'
  | 'link-down'
  | 'speed-downgrade'
  | 'device-dark'
  | 'stale'

/** What looks wrong and is not. */
export type NegativeKind =
  | 'reboot'
  | 'renumbering'
  | 'counter-reset'
  | 'cable-swap'
  | 'backup-job'
  | 'holiday'
  | 'maintenance'

export interface LinkEvent {
  kind: FaultKind | NegativeKind
  /** Position of the link; -1 is the device. */
  link: number
  startMs: number
  endMs: number
  /** Damaged or dropped share of the frames, where the kind has one. */
  ratio: number
}

export interface LinkPlan {
  bitsPerSecond: number
  utilisation: number
  frameOctets: number
  /** Damaged share of the frames of a healthy link. */
  healthyRatio: number
}

/** One device of the benchmark: its links, what happens to it, and the habits of its agent. */
export interface DevicePlan {
  id: string
  seed: number
  startMs: number
  endMs: number
  links: LinkPlan[]
  faults: LinkEvent[]
  negatives: LinkEvent[]
  counterBits: 32 | 64
  /** The agent refreshes its counters this often; 0 is at every question. */
  cacheMs: number
}

export const pollMs = 30_000
/** Share of polls that get no answer. */
export const lostPolls = 0.01
export const jitterMs = 2_000

const minute = 60_000
const hour = 60 * minute
/** A Monday, 08:00 UTC. */
const origin = Date.UTC(2026, 0, 5, 8)

export interface FaultClass {
  kind: FaultKind
  ratio: number
  lastsMs: number
}

export const faultClasses: readonly FaultClass[] = [
  ...[3e-7, 1e-6, 3e-6, 1e-5, 1e-4, 1e-3].map(ratio => ({ kind: 'corruption' as const, ratio, lastsMs: 2 * hour })),
  ...[1e-4, 1e-3, 1e-2].map(ratio => ({ kind: 'congestion' as const, ratio, lastsMs: hour })),
  { kind: 'microbursts', ratio: 0, lastsMs: hour },
  { kind: 'saturation', ratio: 0, lastsMs: 40 * minute },
  { kind: 'flapping', ratio: 0, lastsMs: 20 * minute },
  { kind: 'link-down', ratio: 0, lastsMs: 30 * minute },
  { kind: 'speed-downgrade', ratio: 0, lastsMs: 30 * minute },
  { kind: 'device-dark', ratio: 0, lastsMs: 20 * minute },
  { kind: 'stale', ratio: 0, lastsMs: 20 * minute },
]

/** Speeds and loads at which corruption is tried; other kinds take them by turns. */
export const profiles: readonly Pick<LinkPlan, 'bitsPerSecond' | 'utilisation'>[] = [
  { bitsPerSecond: 1e9, utilisation: 0.05 },
  { bitsPerSecond: 1e10, utilisation: 0.05 },
  { bitsPerSecond: 1e10, utilisation: 0.3 },
  { bitsPerSecond: 1e11, utilisation: 0.3 },
]

/** One faulty link beside a healthy one, for each class, profile and replica. */
export function faultyDevices(
  seed: number,
  replicas: number,
): { device: DevicePlan; fault: LinkEvent; class: FaultClass }[] {
  return faultClasses.flatMap((faultClass, c) =>
    profiles.flatMap((profile, p) =>
      Array.from({ length: replicas }, (_, r) => {
        const id = `fault-${c}-${p}-${r}`
        const random = seededRandom(seed ^ seedOf(id))
        const startMs = origin + Math.floor(random() * 24) * hour
        const beginsMs = startMs + 30 * minute + Math.floor(random() * 10 * minute)
        const isDevice = faultClass.kind === 'device-dark' || faultClass.kind === 'stale'
        const fault: LinkEvent = {
          kind: faultClass.kind,
          link: isDevice ? -1 : 0,
          startMs: beginsMs,
          endMs: beginsMs + faultClass.lastsMs,
          ratio: faultClass.ratio,
        }
        const device: DevicePlan = {
          id,
          seed: seedOf(id) ^ seed,
          startMs,
          endMs: fault.endMs + 5 * minute,
          links: [{ ...profile, frameOctets: 800, healthyRatio: 1e-9 }, randomLink(random, 64)],
          faults: [fault],
          negatives: [],
          counterBits: 64,
          cacheMs: random() < 0.1 ? 10_000 : 0,
        }
        return { device, fault, class: faultClass }
      }),
    ),
  )
}

const linksOfHealthy = 8
const day = 24 * hour

/** Devices to which nothing happens that anybody should be called for: a day of eight links each, some trouble for show. */
export function healthyDevices(seed: number, count: number): DevicePlan[] {
  return Array.from({ length: count }, (_, i) => {
    const id = `healthy-${i}`
    const random = seededRandom(seed ^ seedOf(id))
    const startMs = origin + Math.floor(random() * 7) * day
    const counterBits = random() < 0.08 ? 32 : 64
    const kinds: NegativeKind[] = [
      'reboot',
      'renumbering',
      'counter-reset',
      'cable-swap',
      'backup-job',
      'holiday',
      'maintenance',
    ]
    const negatives = kinds.filter(() => random() < 0.4).map(kind => negativeEvent(kind, random, startMs))
    return {
      id,
      seed: seedOf(id) ^ seed,
      startMs,
      endMs: startMs + day,
      links: Array.from({ length: linksOfHealthy }, () => randomLink(random, counterBits)),
      faults: [],
      negatives,
      counterBits,
      cacheMs: random() < 0.1 ? 10_000 : 0,
    }
  })
}

function negativeEvent(kind: NegativeKind, random: Random, startMs: number): LinkEvent {
  const lasts: Record<NegativeKind, number> = {
    // Shorter than what makes a device unreachable, which would be true.
    reboot: 25_000,
    renumbering: 25_000,
    'counter-reset': 0,
    'cable-swap': 8_000,
    'backup-job': hour,
    holiday: 8 * hour,
    maintenance: 30 * minute,
  }
  const beginsMs = startMs + hour + Math.floor(random() * 14 * hour)
  const isDevice = kind === 'reboot' || kind === 'renumbering' || kind === 'holiday'
  const link = isDevice ? -1 : Math.floor(random() * linksOfHealthy)
  return { kind, link, startMs: beginsMs, endMs: beginsMs + lasts[kind], ratio: 0 }
}

/** 32-bit counters belong to slow ports: at 1 Gbit/s they wrap in 34 s, faster than any poll. */
function randomLink(random: Random, counterBits: 32 | 64): LinkPlan {
  const speeds = counterBits === 32 ? [1e8] : [1e9, 1e9, 1e10, 1e10, 1e11]
  return {
    bitsPerSecond: speeds[Math.floor(random() * speeds.length)]!,
    utilisation: 0.02 + 0.3 * random() ** 2,
    frameOctets: 300 + Math.floor(random() * 900),
    healthyRatio: [0, 1e-10, 1e-9, 5e-9][Math.floor(random() * 4)]!,
  }
}
