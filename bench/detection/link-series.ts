import { create } from '@bufbuild/protobuf'
import { type Random, seededRandom } from '../../libs/kernel/src/index.ts'
import {
  type DevicePoll,
  DevicePollSchema,
  type InterfacePoll,
  InterfacePollSchema,
} from '../../libs/model/src/index.ts'
import { CascadeSource, originOf } from '../../libs/simulator/src/index.ts'
import { type DevicePlan, jitterMs, type LinkEvent, type LinkPlan, lostPolls, pollMs } from './link-plan.ts'

/** Preamble and gap, which no counter counts. */
const wireOverheadOctets = 20

interface LinkState {
  plan: LinkPlan
  number: number
  traffic: { in: CascadeSource; out: CascadeSource }
  atMs: number
  octets: { in: number; out: number }
  frames: { in: number; out: number }
  errors: number
  discards: number
  discontinuityMs: number | undefined
  lastChangeMs: number
  isUp: boolean
  isAdminUp: boolean
  bitsPerSecond: number
}

/** The polls of one device, in order, as its poller would write them; none while the poller itself is out of order. */
export function* pollsOf(device: DevicePlan): Generator<DevicePoll> {
  const random = seededRandom(device.seed)
  const events = [...device.faults, ...device.negatives]
  const flaps = events.filter(event => event.kind === 'flapping').map(event => flapTimes(event, random))
  const links = device.links.map((plan, number) => newLink(device, plan, number, random))
  let bootMs = device.startMs - 40 * 86_400_000 - Math.floor(random() * 1e9)
  let shift = 0
  let renumbered = false
  for (let n = 0; device.startMs + n * pollMs < device.endMs; n++) {
    const atMs = Math.floor(device.startMs + n * pollMs + random() * jitterMs)
    const isLost = random() < lostPolls
    const boot = events.find(event => isBootKind(event) && event.endMs <= atMs && event.endMs > bootMs)
    const asOfMs = device.cacheMs > 0 ? Math.floor(atMs / device.cacheMs) * device.cacheMs : atMs
    for (const link of links) advance(link, asOfMs, atMs, events, flaps.flat(), random)
    if (boot) {
      bootMs = boot.endMs
      for (const link of links) clear(link, boot.endMs)
      if (boot.kind === 'renumbering' && !renumbered) {
        shift = 3
        renumbered = true
      }
    }
    if (events.some(event => event.kind === 'stale' && isWithin(event, atMs))) continue
    const isSilent = events.some(event => isBootKind(event) && isWithin(event, atMs))
    yield pollRecord(device, links, atMs, bootMs, shift, !isLost && !isSilent)
  }
}

function newLink(device: DevicePlan, plan: LinkPlan, number: number, random: Random): LinkState {
  const framesPerSecond = (plan.utilisation * plan.bitsPerSecond) / (8 * (plan.frameOctets + wireOverheadOctets))
  const originMs = originOf(device.startMs)
  const source = (): CascadeSource => new CascadeSource(Math.floor(random() * 2 ** 31), originMs, framesPerSecond, 0.08)
  const start = (): number => Math.floor(random() * 2 ** (device.counterBits === 32 ? 32 : 50))
  return {
    plan,
    number,
    traffic: { in: source(), out: source() },
    atMs: device.startMs,
    octets: { in: start(), out: start() },
    frames: { in: Math.floor(start() / 1_000), out: Math.floor(start() / 1_000) },
    errors: Math.floor(random() * 50),
    discards: Math.floor(random() * 50),
    discontinuityMs: undefined,
    lastChangeMs: device.startMs - 86_400_000,
    isUp: true,
    isAdminUp: true,
    bitsPerSecond: plan.bitsPerSecond,
  }
}

interface Flap {
  link: number
  downMs: number
  upMs: number
}

/** Down for some seconds every half minute to two minutes. */
function flapTimes({ link, startMs, endMs }: LinkEvent, random: Random): Flap[] {
  const flaps: Flap[] = []
  for (let atMs = startMs; atMs < endMs; ) {
    const upMs = atMs + 5_000 + Math.floor(random() * 35_000)
    flaps.push({ link, downMs: atMs, upMs })
    atMs = upMs + 30_000 + Math.floor(random() * 60_000)
  }
  return flaps
}

/** Counts up to `toMs`, cut where an event begins or ends; `nowMs` is what status is judged by. */
function advance(
  link: LinkState,
  toMs: number,
  nowMs: number,
  events: readonly LinkEvent[],
  flaps: readonly Flap[],
  random: Random,
): void {
  const own = events.filter(event => event.link === link.number || event.link === -1)
  const ownFlaps = flaps.filter(flap => flap.link === link.number)
  const cuts = [
    ...own.flatMap(({ startMs, endMs }) => [startMs, endMs]),
    ...ownFlaps.flatMap(({ downMs, upMs }) => [downMs, upMs]),
  ]
    .filter(cutMs => cutMs > link.atMs && cutMs < toMs)
    .sort((a, b) => a - b)
  for (const untilMs of [...cuts, toMs]) if (untilMs > link.atMs) count(link, untilMs, own, ownFlaps, random)
  const wasUp = link.isUp
  const isDown =
    own.some(
      event =>
        isWithin(event, nowMs) &&
        (event.kind === 'link-down' || event.kind === 'maintenance' || event.kind === 'cable-swap'),
    ) || ownFlaps.some(({ downMs, upMs }) => downMs <= nowMs && nowMs < upMs)
  link.isUp = !isDown
  link.isAdminUp = !own.some(event => event.kind === 'maintenance' && isWithin(event, nowMs))
  link.bitsPerSecond = own.some(event => event.kind === 'speed-downgrade' && isWithin(event, nowMs))
    ? link.plan.bitsPerSecond / 10
    : link.plan.bitsPerSecond
  const changes = [
    ...own
      .filter(({ kind }) => ['link-down', 'maintenance', 'cable-swap', 'speed-downgrade'].includes(kind))
      .flatMap(({ startMs, endMs }) => [startMs, endMs]),
    ...ownFlaps.flatMap(({ downMs, upMs }) => [downMs, upMs]),
  ].filter(changeMs => changeMs <= nowMs)
  if (changes.length > 0 || wasUp !== link.isUp) link.lastChangeMs = Math.max(link.lastChangeMs, ...changes)
  const reset = own.find(
    event => event.kind === 'counter-reset' && event.startMs <= nowMs && event.startMs > (link.discontinuityMs ?? 0),
  )
  if (reset) {
    clear(link, link.lastChangeMs)
    link.discontinuityMs = reset.startMs
  }
}

function isBootKind({ kind }: LinkEvent): boolean {
  return kind === 'reboot' || kind === 'renumbering' || kind === 'device-dark'
}

function isWithin({ startMs, endMs }: LinkEvent, timeMs: number): boolean {
  return startMs <= timeMs && timeMs < endMs
}

function count(
  link: LinkState,
  untilMs: number,
  events: readonly LinkEvent[],
  flaps: readonly Flap[],
  random: Random,
): void {
  const { plan, atMs } = link
  link.atMs = untilMs
  const now = events.filter(event => isWithin(event, atMs))
  const during = (kind: LinkEvent['kind']): LinkEvent | undefined => now.find(event => event.kind === kind)
  if (during('cable-swap')) link.errors += poisson(500 * ((untilMs - atMs) / 8_000), random)
  const isStopped =
    during('link-down') ||
    during('maintenance') ||
    during('cable-swap') ||
    during('device-dark') ||
    during('reboot') ||
    during('renumbering') ||
    flaps.some(({ downMs, upMs }) => downMs <= atMs && atMs < upMs)
  if (isStopped) return
  const seconds = (untilMs - atMs) / 1_000
  const capacity = (plan.bitsPerSecond * seconds) / (8 * (plan.frameOctets + wireOverheadOctets))
  const load = during('holiday') ? 0.2 : 1
  for (const side of ['in', 'out'] as const) {
    const usual = Math.floor(load * (link.traffic[side].at(untilMs) - link.traffic[side].at(atMs)))
    const filled = during('saturation') && side === 'out' ? 0.97 : during('backup-job') && side === 'out' ? 0.72 : 0
    const limit = during('speed-downgrade') ? capacity / 10 : capacity
    const frames = Math.min(Math.max(usual, Math.floor(filled * capacity)), Math.floor(limit * 0.98))
    const damagedRatio = side === 'in' ? (during('corruption')?.ratio ?? plan.healthyRatio) : 0
    const damaged = damagedRatio > 0 ? Math.min(frames, poisson(frames * damagedRatio, random)) : 0
    link.frames[side] += frames - damaged
    link.octets[side] += (frames - damaged) * plan.frameOctets
    link.errors += damaged
    if (side === 'in') continue
    const congested = during('congestion')
    if (congested) link.discards += poisson(frames * congested.ratio, random)
    // Tens of microseconds each: seen as a few drops in some of the minutes, at any mean load.
    if (during('microbursts') && random() < (0.6 * seconds) / 30) link.discards += 5 + Math.floor(random() * 45)
  }
}

function clear(link: LinkState, atMs: number): void {
  link.octets.in = link.octets.out = link.frames.in = link.frames.out = link.errors = link.discards = 0
  link.lastChangeMs = Math.max(link.lastChangeMs, atMs)
}

function pollRecord(
  device: DevicePlan,
  links: readonly LinkState[],
  atMs: number,
  bootMs: number,
  shift: number,
  reachable: boolean,
): DevicePoll {
  const upTimeCs = Math.floor((atMs - bootMs) / 10)
  const poll = create(DevicePollSchema, {
    deviceId: device.id,
    siteId: 'bench',
    startedMs: BigInt(atMs),
    completedMs: BigInt(atMs + 40),
    intervalMs: pollMs,
    health: { reachable, durationMs: 40 },
  })
  if (!reachable) return poll
  poll.sysUpTimeCs = upTimeCs
  poll.engineTimeS = Math.floor(upTimeCs / 100)
  poll.interfaces = links.map(link => row(link, device, bootMs, 1 + ((link.number + shift) % links.length)))
  return poll
}

function row(link: LinkState, { counterBits }: DevicePlan, bootMs: number, ifIndex: number): InterfacePoll {
  const shown = (value: number): bigint => BigInt.asUintN(counterBits, BigInt(value))
  const ticks = (timeMs: number): number => Math.max(0, Math.floor((timeMs - bootMs) / 10))
  return create(InterfacePollSchema, {
    ifIndex,
    ifName: linkName(link.number),
    ifDescr: linkName(link.number),
    ifType: 6,
    connectorPresent: true,
    speedBitsPerSecond: BigInt(link.bitsPerSecond),
    adminStatus: link.isAdminUp ? 1 : 2,
    operStatus: link.isUp && link.isAdminUp ? 1 : 2,
    lastChangeCs: ticks(link.lastChangeMs),
    counterDiscontinuityCs: link.discontinuityMs === undefined ? 0 : ticks(link.discontinuityMs),
    octetCounterBits: counterBits,
    packetCounterBits: counterBits,
    fcsCounterBits: 32,
    inOctets: shown(link.octets.in),
    outOctets: shown(link.octets.out),
    inUcastPkts: shown(link.frames.in),
    outUcastPkts: shown(link.frames.out),
    inMulticastPkts: 0n,
    outMulticastPkts: 0n,
    inBroadcastPkts: 0n,
    outBroadcastPkts: 0n,
    inErrors: BigInt.asUintN(32, BigInt(link.errors)),
    outErrors: 0n,
    inDiscards: 0n,
    outDiscards: BigInt.asUintN(32, BigInt(link.discards)),
    fcsErrors: BigInt.asUintN(32, BigInt(link.errors)),
  })
}

export function linkName(number: number): string {
  return `port${number + 1}`
}

function poisson(mean: number, random: Random): number {
  if (mean <= 0) return 0
  if (mean > 30) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal))
  }
  const limit = Math.exp(-mean)
  let drawn = 0
  for (let product = random(); product > limit; product *= random()) drawn++
  return drawn
}
