import { type AlarmType, type Evidence, resource } from '../../../model/src/index.ts'
import type { DetectedCondition } from '../condition.ts'
import { type DetectConfig, detectDefaults } from '../config.ts'
import { type Episode, episodeStep, type Finding, switchedOff } from '../episode.ts'
import { adminUp, operUp } from '../observation.ts'
import { put } from '../put.ts'
import { type FecState, fecRatio, fecUncorrectable, isFecRatio, isUncorrectable } from './fec-margin.ts'
import { isLaserBias, type LaserState, laserAgeing, transmittedLight } from './laser-ageing.ts'
import type { HardwareObservation, PeerObservation, PortObservation, SensorObservation } from './observation.ts'
import { type FadingState, opticDegrading } from './optic-degrading.ts'
import { isReceivedLight, type OpticState, opticRxLow } from './optic-rx.ts'
import {
  diskFailing,
  diskFailureCount,
  isDiskFailureCount,
  partState,
  powerOnBattery,
  stateAlarmType,
} from './part-state.ts'
import { isPeerUp, type PeerState, peerDown, unlistedPeer } from './peer-down.ts'
import { type LimitState, sensorLimit } from './sensor-limit.ts'

/** What the detectors remember of one device's hardware. Plain JSON; parts of which nothing is to be said take no place. */
export interface HardwareDetectState {
  version: 1
  /** By resource and qualifier. */
  items: Record<string, HardwareItem>
}

export interface HardwareItem {
  resource: string
  qualifier: string
  seenMs: number
  limit?: LimitState
  optic?: OpticState
  fading?: FadingState
  laser?: LaserState
  fec?: FecState
  peer?: PeerState
  episodes?: Partial<Record<AlarmType, Episode>>
}

export interface HardwareOutcome {
  state: HardwareDetectState
  conditions: DetectedCondition[]
  /** Parts that are not watched because the state is full. */
  refused: number
}

/** Parts remembered of one device: a chassis of 500 optics and a route reflector's peers fit. */
const itemsMax = 2_048
/** A part that a device left out this long is gone; what was said of it ends. */
const itemGoneMs = 900_000

/**
 * Runs the detectors of parts over one reading of a device's hardware. Pure: conditions come out in the reading's order,
 * the same for the same state and reading.
 */
export function detectHardware(
  state: HardwareDetectState | undefined,
  reading: HardwareObservation,
  config: DetectConfig = detectDefaults,
): HardwareOutcome {
  const judge = new Judge(state, reading, config)
  judge.sensors()
  judge.disks()
  judge.peers()
  return judge.outcome()
}

class Judge {
  readonly #before: HardwareDetectState['items']
  readonly #reading: HardwareObservation
  readonly #config: DetectConfig
  readonly #next: HardwareDetectState['items'] = {}
  readonly #conditions: DetectedCondition[] = []
  readonly #seen = new Set<string>()
  #kept: number
  #refused = 0

  constructor(state: HardwareDetectState | undefined, reading: HardwareObservation, config: DetectConfig) {
    this.#before = state?.items ?? {}
    this.#reading = reading
    this.#config = config
    this.#kept = Object.keys(this.#before).length
  }

  sensors(): void {
    const ports = new Map(this.#reading.interfaces.map(port => [port.ifIndex, port]))
    for (const sensor of this.#reading.sensors) {
      const port = sensor.ifIndex === undefined ? undefined : ports.get(sensor.ifIndex)
      this.#judge(resourceOf(this.#reading, port), port ? sensor.name : sensor.id, item => {
        // A port that is down or switched off is dark by right, and link-down says what there is to say.
        if (!port || (port.adminStatus === adminUp && port.operStatus === operUp)) this.#sensor(item, sensor, port)
      })
    }
  }

  disks(): void {
    const { enabled } = this.#config.diskFailing
    for (const disk of this.#reading.disks) {
      this.#judge(resourceOf(this.#reading, undefined), disk.id, item =>
        this.#say(item, 'disk-failing', enabled, () => diskFailing(disk, this.#reading.atMs)),
      )
    }
  }

  peers(): void {
    const { enabled } = this.#config.peerDown
    const tunnels = (this.#reading.tunnels ?? []).map(({ protocol, name, remoteAddress, state }) => ({
      protocol,
      address: name || remoteAddress,
      state,
    }))
    for (const peer of [...this.#reading.peers, ...tunnels]) {
      this.#judge(resourceOf(this.#reading, undefined), `${peer.protocol}/${peer.address}`, item => {
        if (!item.peer && !isPeerUp(peer)) return
        item.peer = { seenMs: this.#reading.atMs }
        this.#say(item, 'peer-down', enabled, () => peerDown(peer, this.#reading.atMs))
      })
    }
  }

  outcome(): HardwareOutcome {
    for (const [key, item] of Object.entries(this.#before)) {
      if (this.#seen.has(key)) continue
      if (item.peer) this.#unlistedPeer({ ...item }, item.peer)
      else if (this.#reading.partial || this.#reading.atMs - item.seenMs < itemGoneMs) this.#next[key] = item
      else this.#end({ ...item })
    }
    return { state: { version: 1, items: this.#next }, conditions: this.#conditions, refused: this.#refused }
  }

  #sensor(item: HardwareItem, sensor: SensorObservation, port: PortObservation | undefined): void {
    const { atMs } = this.#reading
    const config = this.#config
    if (sensor.class === 'state') {
      const alarmType = stateAlarmType(sensor)
      this.#say(item, alarmType, config[configKeys[alarmType as keyof typeof configKeys]].enabled, () =>
        alarmType === 'power-on-battery'
          ? powerOnBattery(sensor, this.#reading.sensors, atMs)
          : partState(sensor, atMs),
      )
      return
    }
    // What is no number is no reading, and must not get into sums.
    if (sensor.value !== undefined && !Number.isFinite(sensor.value)) return
    if (isDiskFailureCount(sensor)) {
      this.#say(item, 'disk-failing', config.diskFailing.enabled, () => diskFailureCount(sensor, atMs))
      return
    }
    const label = port?.ifName ?? sensor.name
    if (isFecRatio(sensor) || isUncorrectable(sensor)) {
      const judge = isFecRatio(sensor) ? fecRatio : fecUncorrectable
      this.#say(item, 'fec-margin', config.fecMargin.enabled, episode => {
        const fec = judge(item.fec ?? {}, episode, sensor, label, atMs, config.fecMargin)
        put(item, 'fec', hasKeys(fec.state) ? fec.state : undefined)
        return fec.finding
      })
      return
    }
    if (isLaserBias(sensor) && port) {
      this.#say(item, 'laser-ageing', config.laserAgeing.enabled, episode => {
        const tx = transmittedLight(sensor, this.#reading.sensors)
        const laser = laserAgeing(item.laser, episode, sensor, tx, label, atMs, config.laserAgeing)
        put(item, 'laser', laser.state)
        return laser.finding
      })
    }
    if (isReceivedLight(sensor)) {
      this.#say(item, 'optic-degrading', config.opticDegrading.enabled, episode => {
        const fading = opticDegrading(item.fading, episode, sensor, label, atMs, config.opticDegrading)
        put(item, 'fading', fading.state)
        return fading.finding
      })
      this.#say(item, 'optic-rx-low', config.opticRxLow.enabled, episode => {
        const optic = opticRxLow(item.optic ?? {}, episode, sensor, label, atMs, config.opticRxLow)
        put(item, 'optic', hasKeys(optic.state) ? optic.state : undefined)
        return optic.finding
      })
    }
    this.#say(item, 'sensor-limit', config.sensorLimit.enabled, episode => {
      const limit = sensorLimit(item.limit ?? {}, episode, sensor, atMs, config.sensorLimit)
      put(item, 'limit', hasKeys(limit.state) ? limit.state : undefined)
      return limit.finding
    })
  }

  #unlistedPeer(item: HardwareItem, peer: PeerState): void {
    const key = keyOf(item.resource, item.qualifier)
    if (this.#reading.partial) {
      this.#next[key] = item
      return
    }
    const [protocol, address] = splitPeer(item.qualifier)
    this.#say(item, 'peer-down', this.#config.peerDown.enabled, episode => {
      const found = unlistedPeer(peer, episode, protocol, address, this.#reading.atMs, this.#config.peerDown)
      put(item, 'peer', found.state)
      return found.finding
    })
    if (item.peer) this.#next[key] = item
  }

  #judge(resourceName: string, qualifier: string, run: (item: HardwareItem) => void): void {
    const key = keyOf(resourceName, qualifier)
    // Two sensors of one name in one port: the first speaks for both.
    if (this.#seen.has(key)) return
    const before = this.#before[key]
    if (!before && this.#kept >= itemsMax) {
      this.#refused++
      return
    }
    this.#seen.add(key)
    const item: HardwareItem = { resource: resourceName, qualifier, ...before, seenMs: this.#reading.atMs }
    run(item)
    const isWorthKeeping =
      item.limit || item.optic || item.fading || item.laser || item.fec || item.peer || item.episodes
    if (!isWorthKeeping) return
    if (!before) this.#kept++
    this.#next[key] = item
  }

  #say(
    item: HardwareItem,
    alarmType: AlarmType,
    enabled: boolean,
    find: (episode: Episode | undefined) => Finding,
  ): void {
    const known = item.episodes?.[alarmType]
    if (!enabled && !known) return
    const { atMs } = this.#reading
    const { episode, report } = episodeStep(known, enabled ? find(known) : switchedOff, atMs)
    if (episode !== known) {
      const episodes = { ...item.episodes }
      put(episodes, alarmType, episode)
      put(item, 'episodes', hasKeys(episodes) ? episodes : undefined)
    }
    if (report) this.#conditions.push(this.#condition(item, alarmType, report))
  }

  #end(item: HardwareItem): void {
    for (const [alarmType, { severity, windowStartMs }] of Object.entries(item.episodes ?? {})) {
      const report = { state: 'cleared' as const, severity, windowStartMs, evidence: goneEvidence }
      this.#conditions.push(this.#condition(item, alarmType as AlarmType, report))
    }
  }

  #condition(
    item: HardwareItem,
    alarmType: AlarmType,
    report: Pick<DetectedCondition, 'state' | 'severity' | 'windowStartMs' | 'evidence'>,
  ): DetectedCondition {
    const { deviceId, siteId, atMs } = this.#reading
    const { resource: resourceName, qualifier } = item
    return { alarmType, resource: resourceName, qualifier, deviceId, siteId, eventTimeMs: atMs, ...report }
  }
}

const configKeys = {
  'power-on-battery': 'powerOnBattery',
  'fan-failed': 'fanFailed',
  'psu-failed': 'psuFailed',
  'sensor-limit': 'sensorLimit',
} as const

const goneEvidence: Evidence = {
  summary: 'The device no longer lists this part.',
  action: 'Nothing to do if it was removed.',
  measured: {},
  expected: {},
}

function resourceOf({ deviceId }: HardwareObservation, port: PortObservation | undefined): string {
  return port ? resource.interface(port.interfaceId) : resource.device(deviceId)
}

function keyOf(resourceName: string, qualifier: string): string {
  return `${resourceName} ${qualifier}`
}

function splitPeer(qualifier: string): [protocol: PeerObservation['protocol'], address: string] {
  const slash = qualifier.indexOf('/')
  return [qualifier.slice(0, slash), qualifier.slice(slash + 1)]
}

function hasKeys(value: object): boolean {
  return Object.keys(value).length > 0
}
