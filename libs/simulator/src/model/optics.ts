import { ifTypes } from './device-families.ts'
import { hash, hashUnit } from './hash.ts'
import type { NetworkModel } from './network-model.ts'
import { peerOf, type SimulatedPort } from './topology.ts'

/** What a transceiver's diagnostics say (SFF-8472). */
export interface OpticalReading {
  rxDbm: number
  txDbm: number
  biasMilliamps: number
  celsius: number
}

/** Limits of a 10GBASE-LR module, as its vendor writes them into it. */
export const opticalLimits = {
  rxDbm: { lowAlarm: -16.4, lowWarning: -14.4, highWarning: 0.5, highAlarm: 2.5 },
  txDbm: { lowAlarm: -11.2, lowWarning: -8.2, highWarning: 0.5, highAlarm: 3.5 },
  biasMilliamps: { lowAlarm: 10, lowWarning: 15, highWarning: 85, highAlarm: 90 },
  celsius: { lowAlarm: -5, lowWarning: 0, highWarning: 70, highAlarm: 75 },
} as const

const darkDbm = -40
/** Light lost at the beginning of a corruption, and for each tenfold of its ratio. */
const firstLossDb = 1.5
const lossPerTenfoldDb = 2.5

/** Whether a port holds a transceiver with diagnostics: cables between devices at 10 Gbit/s. */
export function hasOptic(port: SimulatedPort): boolean {
  return port.link !== undefined && port.ifType === ifTypes.ethernet && port.bitsPerSecond >= 10_000_000_000
}

/** Light at a port: its peer's, less the cable's loss and, while frames arrive damaged, less the trouble's. */
export function opticalReading(model: NetworkModel, port: SimulatedPort, timeMs: number): OpticalReading {
  const peer = peerOf(port)!
  const isLit = !model.timeline.isDark(peer.device, timeMs) && model.timeline.isUp(port, timeMs)
  const cableDb = 1.2 + 2 * hashUnit(model.seed, port.link!.number, 51)
  return {
    rxDbm: isLit ? txDbm(model, peer, timeMs) - cableDb - troubleDb(model, port, timeMs) : darkDbm,
    txDbm: txDbm(model, port, timeMs),
    biasMilliamps: 32 + 8 * hashUnit(model.seed, port.number, 52) + 0.3 * wander(model, port, timeMs, 2),
    celsius: 31 + 6 * hashUnit(model.seed, port.number, 53) + wander(model, port, timeMs, 3),
  }
}

function txDbm(model: NetworkModel, port: SimulatedPort, timeMs: number): number {
  return -2.6 + hashUnit(model.seed, port.number, 54) + 0.05 * wander(model, port, timeMs, 1)
}

function troubleDb(model: NetworkModel, port: SimulatedPort, timeMs: number): number {
  const trouble = model.corruptions.find(({ to }) => to === port)
  const ratio = trouble?.frames.ratioAt(timeMs) ?? 0
  return ratio > 0 ? firstLossDb + lossPerTenfoldDb * Math.max(0, Math.log10(ratio / 1e-7)) : 0
}

/** Between -1 and 1: a slow swing over the day and a little noise each half minute, when modules refresh. */
function wander(model: NetworkModel, port: SimulatedPort, timeMs: number, which: number): number {
  const day = Math.sin((2 * Math.PI * timeMs) / 86_400_000 + which)
  const noise = hash(model.seed, port.number * 8 + which, Math.floor(timeMs / 30_000)) / 2 ** 31 - 1
  return 0.7 * day + 0.3 * noise
}
