import {
  type DetectedCondition,
  detectHardware,
  type HardwareDetectState,
  type HardwareObservation,
} from '../src/index.ts'

export type Sensor = HardwareObservation['sensors'][number]

const minuteMs = 60_000

/** One device with a port xe-0, whose hardware is read once a minute. */
export class HardwareDevice {
  atMs = Date.UTC(2026, 9, 21, 9)
  state: HardwareDetectState | undefined
  readonly conditions: DetectedCondition[] = []

  read(parts: Partial<HardwareObservation>, times = 1): string[] {
    const from = this.conditions.length
    for (let i = 0; i < times; i++) {
      this.atMs += minuteMs
      const found = detectHardware(this.state, {
        deviceId: 'sw1',
        siteId: 'hq',
        atMs: this.atMs,
        partial: false,
        sensors: [],
        disks: [],
        peers: [],
        interfaces: [{ ifIndex: 7, interfaceId: 'sw1/xe-0', ifName: 'xe-0', adminStatus: 1, operStatus: 1 }],
        ...parts,
      })
      // What a restart would read back.
      this.state = JSON.parse(JSON.stringify(found.state)) as HardwareDetectState
      this.conditions.push(...found.conditions)
    }
    return this.conditions
      .slice(from)
      .map(
        one => `${one.alarmType} ${one.state === 'active' ? one.severity : one.state} ${one.resource} ${one.qualifier}`,
      )
  }
}
