import { create } from '@bufbuild/protobuf'
import { bench, do_not_optimize, group, run } from 'mitata'
import { type ErrorRatioState, errorRatioStep } from '../../libs/detect/src/error-ratio.ts'
import { type DeviceDetectState, detectDefaults, detectDevice } from '../../libs/detect/src/index.ts'
import { type DevicePoll, DevicePollSchema } from '../../libs/model/src/index.ts'
import { type DeviceTrackState, trackPoll, WindowShares } from '../../libs/stream/src/index.ts'

// What one poll of a device with 48 ports costs to track and to judge, what a CUSUM step and a flow's window split cost.
// Run: npx tsc -b && node dist/bench/micro/detect.js

const ports = 48
const startMs = Date.UTC(2026, 0, 5, 12)

function pollNo(n: number): DevicePoll {
  return create(DevicePollSchema, {
    deviceId: 'sw1',
    siteId: 'hq',
    startedMs: BigInt(startMs + n * 30_000),
    completedMs: BigInt(startMs + n * 30_000 + 80),
    intervalMs: 30_000,
    health: { reachable: true, durationMs: 80 },
    sysUpTimeCs: 1_000_000 + n * 3_000,
    interfaces: Array.from({ length: ports }, (_, i) => {
      const octets = 10n ** 14n + BigInt(n) * BigInt(30_000_000 + i * 1_000_003)
      const packets = octets / 800n
      return {
        ifIndex: i + 1,
        ifName: `GigabitEthernet1/0/${i + 1}`,
        ifDescr: `GigabitEthernet1/0/${i + 1}`,
        ifType: 6,
        connectorPresent: true,
        speedBitsPerSecond: 1_000_000_000n,
        adminStatus: 1,
        operStatus: 1,
        lastChangeCs: 5_000,
        octetCounterBits: 64,
        packetCounterBits: 64,
        fcsCounterBits: 32,
        inOctets: octets,
        outOctets: octets,
        inUcastPkts: packets,
        outUcastPkts: packets,
        inMulticastPkts: 5n,
        outMulticastPkts: 5n,
        inBroadcastPkts: 5n,
        outBroadcastPkts: 5n,
        inErrors: 0n,
        outErrors: 0n,
        inDiscards: 0n,
        outDiscards: 0n,
        fcsErrors: 0n,
      }
    }),
  })
}

const polls = Array.from({ length: 400 }, (_, n) => pollNo(n))
const tracked = (() => {
  let state: DeviceTrackState | undefined
  return polls.map(poll => {
    const result = trackPoll(state, poll)
    state = result.state
    return result.tracked
  })
})()

group(`one poll of ${ports} ports`, () => {
  let trackState: DeviceTrackState | undefined
  let n = 0
  bench('track', () => {
    if (n === polls.length) {
      n = 0
      trackState = undefined
    }
    trackState = trackPoll(trackState, polls[n++]!).state
  })
  let detectState: DeviceDetectState | undefined
  let m = 0
  bench('detect', () => {
    if (m === tracked.length) {
      m = 0
      detectState = undefined
    }
    detectState = detectDevice(detectState, tracked[m++]!, { role: 'access' }).state
  })
})

group('one step', () => {
  let state: ErrorRatioState | undefined
  let atMs = startMs
  let k = 0
  bench('CUSUM, errors now and then', () => {
    atMs += 30_000
    k = (k + 1) % 50
    const poll = { errors: k === 0 ? 1 : 0, units: 1_400_000, durationMs: 30_000, atMs }
    state = errorRatioStep(state, false, poll, detectDefaults.linkCorruption).state
  })
  const shares = new WindowShares()
  let flow = 0
  bench('flow of 90 s over its windows', () => {
    flow = (flow + 7_919) % 1_000_000
    const count = shares.cut(startMs + flow, startMs + flow + 90_000)
    let sum = 0
    for (let i = 0; i < count; i++) sum += shares.portion(123_456_789, i) + shares.portion(98_765, i)
    do_not_optimize(sum)
  })
})

await run()
let state: DeviceDetectState | undefined
for (const poll of tracked) state = detectDevice(state, poll, { role: 'access' }).state
const bytes = JSON.stringify(state).length
console.log(`state of the detectors: ${Math.round(bytes / ports)} bytes an interface`)
