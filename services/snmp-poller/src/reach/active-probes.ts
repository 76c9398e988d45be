import { create, type MessageInitShape } from '@bufbuild/protobuf'
import {
  type Clock,
  CounterByCode,
  type Logger,
  type Random,
  seededRandom,
  seedOf,
  type Timer,
} from '../../../../libs/kernel/src/index.ts'
import {
  type Inventory,
  keys,
  type PollerSight,
  type Probe,
  type ProbeRound,
  ProbeRoundSchema,
  probeTarget,
} from '../../../../libs/model/src/index.ts'
import { resolveHost } from '../host-address.ts'
import { knockTcp } from './contact.ts'
import { type ProbeAnswer, queryDns } from './dns-query.ts'
import type { EchoTool } from './echo-tool.ts'

export interface ActiveProbesOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** undefined where no program may send echo requests. */
  readonly tool: () => EchoTool | undefined
  readonly sight: (askedMs: number) => PollerSight
  readonly publish: (probe: Probe, round: ProbeRound) => void
}

interface Running {
  readonly probe: Probe
  readonly entry: string
  /** Name or address that is asked. */
  readonly host: string
  timer: Timer | undefined
  dueMs: number
  busy: boolean
  removed: boolean
}

/** Probes on one poller at most; further ones are refused and counted. */
const probesMax = 20_000
/** Echo probes that fall due within this and are alike share a round. */
const gatherMs = 50
const firstSpreadMs = 5_000

/** Runs the inventory's probes, each on its own grid, and hands over a round for each time. */
export class ActiveProbes {
  readonly #options: ActiveProbesOptions
  readonly #running = new Map<string, Running>()
  readonly #gathering = new Map<string, Running[]>()
  readonly counters = {
    rounds: 0,
    skipped: 0,
    refused: 0,
    withoutTool: 0,
    sent: 0,
    answered: 0,
    errors: new CounterByCode(),
  }
  #saidWithoutTool = false

  constructor(options: ActiveProbesOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#running.size
  }

  /** @param owns whether this poller is the one that runs it */
  apply(inventory: Inventory, owns: (key: string) => boolean): void {
    const wanted = new Map<string, { probe: Probe; host: string }>()
    for (const probe of inventory.probes ?? []) {
      const key = keys.probe(probe.tenant, probe.id)
      const device = inventory.devices.find(one => one.id === probe.device)
      const host = probe.target ?? device?.snmp?.host ?? device?.address
      if (host !== undefined && owns(key)) wanted.set(key, { probe, host })
    }
    for (const [key, running] of this.#running) {
      const next = wanted.get(key)
      if (next && running.entry === JSON.stringify(next)) wanted.delete(key)
      else this.#remove(key, running)
    }
    for (const [key, { probe, host }] of wanted) this.#begin(key, probe, host)
  }

  stop(): void {
    for (const [key, running] of this.#running) this.#remove(key, running)
  }

  #begin(key: string, probe: Probe, host: string): void {
    if (this.#running.size >= probesMax) {
      this.counters.refused++
      return
    }
    const { clock } = this.#options
    // The same place in its interval after every restart.
    const firstMs = seededRandom(seedOf(key))() * Math.min(probe.intervalMs, firstSpreadMs)
    const entry = JSON.stringify({ probe, host })
    const dueMs = clock.monotonicMs() + firstMs
    const running: Running = { probe, entry, host, timer: undefined, dueMs, busy: false, removed: false }
    this.#running.set(key, running)
    this.#arm(running)
  }

  #remove(key: string, running: Running): void {
    running.removed = true
    running.timer?.cancel()
    this.#running.delete(key)
  }

  #arm(running: Running): void {
    const { clock } = this.#options
    running.timer = clock.after(Math.max(0, running.dueMs - clock.monotonicMs()), () => {
      const missed = Math.floor(Math.max(0, clock.monotonicMs() - running.dueMs) / running.probe.intervalMs)
      running.dueMs += (missed + 1) * running.probe.intervalMs
      this.counters.skipped += missed
      this.#arm(running)
      // A round that is not done makes the next one wait its turn: rounds of a probe never overlap.
      if (running.busy) this.counters.skipped++
      else if (running.probe.kind === 'icmp') this.#gather(running)
      else void this.#run([running])
    })
  }

  /** Echo probes that are alike are asked by one process. */
  #gather(running: Running): void {
    const { count, gapMs, timeoutMs } = running.probe
    const shape = `${count} ${gapMs} ${timeoutMs}`
    running.busy = true
    const gathered = this.#gathering.get(shape)
    if (gathered) {
      gathered.push(running)
      return
    }
    this.#gathering.set(shape, [running])
    this.#options.clock.after(gatherMs, () => {
      const all = this.#gathering.get(shape)!
      this.#gathering.delete(shape)
      void this.#run(all)
    })
  }

  async #run(probes: readonly Running[]): Promise<void> {
    for (const running of probes) running.busy = true
    const startedMs = this.#options.clock.nowMs()
    try {
      const addresses = new Map<Running, string>()
      for (const running of probes) {
        const found = await resolveHost(running.host)
        if (found.ok) addresses.set(running, found.address)
        else this.#publish(running, startedMs, lostRound(running.probe, 'unresolved'))
      }
      if (probes[0]?.probe.kind === 'icmp') await this.#echo(addresses, startedMs)
      else
        for (const [running, address] of addresses) this.#publish(running, startedMs, await this.#ask(running, address))
    } catch (cause) {
      // The tool failed, not the target: there is nothing to say of it.
      this.counters.errors.add('tool')
      this.#options.log.debug({ err: cause }, 'a round of probes could not be run')
    } finally {
      for (const running of probes) running.busy = false
    }
  }

  async #echo(addresses: ReadonlyMap<Running, string>, startedMs: number): Promise<void> {
    const tool = this.#options.tool()
    const [first] = addresses.keys()
    if (!first) return
    if (!tool) {
      this.counters.withoutTool += addresses.size
      if (!this.#saidWithoutTool) this.#options.log.warn('icmp probes are not run: no program may send echo requests')
      this.#saidWithoutTool = true
      return
    }
    const { count, gapMs, timeoutMs } = first.probe
    const answers = await tool.round([...new Set(addresses.values())], { count, gapMs, timeoutMs })
    for (const [running, address] of addresses) {
      const trips = answers.get(address)
      if (trips)
        this.#publish(
          running,
          startedMs,
          trips.map(us => (us === null ? { error: 'timeout' } : { us })),
        )
    }
  }

  /** Connections or queries, one after the other. */
  async #ask(running: Running, address: string): Promise<ProbeAnswer[]> {
    const { clock, random } = this.#options
    const { probe } = running
    const found: ProbeAnswer[] = []
    for (let i = 0; i < probe.count && !running.removed; i++) {
      const beganMs = clock.monotonicMs()
      if (probe.kind === 'tcp') found.push(await connectOnce(address, probe, clock))
      else {
        const { query: name, timeoutMs, port = 53 } = probe
        found.push(await queryDns({ server: address, port, name, timeoutMs, id: Math.floor(random() * 65_536) }, clock))
      }
      const waitMs = probe.gapMs - (clock.monotonicMs() - beganMs)
      if (waitMs > 0 && i + 1 < probe.count) await new Promise<void>(resolve => clock.after(waitMs, resolve))
    }
    return found
  }

  #publish({ probe, host, removed }: Running, startedMs: number, found: readonly ProbeAnswer[]): void {
    if (removed) return
    const rttUs = found.map(answer => ('us' in answer ? Math.max(1, answer.us) : 0))
    const error = found.flatMap(answer => ('error' in answer ? [answer.error] : []))[0] ?? ''
    const answered = rttUs.filter(us => us > 0).length
    this.counters.rounds++
    this.counters.sent += rttUs.length
    this.counters.answered += answered
    if (error) this.counters.errors.add(error)
    const round: MessageInitShape<typeof ProbeRoundSchema> = {
      probeId: probe.id,
      siteId: probe.site,
      deviceId: probe.device ?? '',
      kind: probe.kind,
      target: probeTarget(probe, host),
      startedMs: BigInt(Math.round(startedMs)),
      intervalMs: probe.intervalMs,
      rttUs,
      error,
      ...(answered === 0 ? { sight: this.#options.sight(startedMs) } : {}),
    }
    this.#options.publish(probe, create(ProbeRoundSchema, round))
  }
}

/** A connection made is an answer; one refused says that the service is gone, whoever lives there. */
async function connectOnce(address: string, { port, timeoutMs }: Probe, clock: Clock): Promise<ProbeAnswer> {
  const beganMs = clock.monotonicMs()
  try {
    await knockTcp(address, port!, timeoutMs, { refusalIsAnswer: false })
    return { us: Math.round((clock.monotonicMs() - beganMs) * 1_000) }
  } catch (cause) {
    return { error: ((cause as NodeJS.ErrnoException).code ?? 'timeout').toLowerCase() }
  }
}

function lostRound({ count }: Probe, error: string): ProbeAnswer[] {
  return Array.from({ length: count }, () => ({ error }))
}
