import { interfaceId, resource, type Severity } from '../../model/src/index.ts'
import type { DetectedCondition } from './condition.ts'
import { type DetectConfig, detectDefaults } from './config.ts'
import { linkSeverity } from './link-state.ts'
import { minuteStartMs } from './minute.ts'
import { clockTime } from './wording.ts'

/** What a trap or a syslog message says of a link or a routing peer of its device. */
export interface ToldEvent {
  deviceId: string
  siteId: string
  atMs: number
  kind: string
  /** Empty where the message does not name it. */
  ifName: string
  peerProtocol: string
  peerAddress: string
  /** Its administrator took the link down, as the message itself says. */
  switchedOff: boolean
}

interface Subject {
  alarmType: 'link-down' | 'peer-down'
  resource: string
  qualifier: string
  name: string
  down: boolean
  severity: Severity
}

/**
 * The condition that a message speaks of, before anybody has looked: a datagram can be forged and may be late, so the
 * detectors of the poll that it causes decide. undefined where it names no link and no peer, or nothing that is wrong.
 */
export function toldByDevice(
  event: ToldEvent,
  role: string,
  config: DetectConfig = detectDefaults,
): DetectedCondition | undefined {
  const subject = subjectOf(event, role)
  if (!subject || (subject.down && event.switchedOff)) return undefined
  if (!(subject.alarmType === 'link-down' ? config.linkDown : config.peerDown).enabled) return undefined
  const { deviceId, siteId, atMs } = event
  const { alarmType, qualifier, name, down, severity } = subject
  return {
    alarmType,
    resource: subject.resource,
    qualifier,
    deviceId,
    siteId,
    state: down ? 'unconfirmed' : 'retracted',
    severity,
    eventTimeMs: atMs,
    windowStartMs: minuteStartMs(atMs),
    evidence: {
      summary: `${name} ${down ? 'went down' : 'came up'} at ${clockTime(atMs)}, its device says.`,
      action: down ? 'Wait for the poll that is on its way; it confirms or drops this.' : 'Nothing to do.',
      measured: { told: down ? 'down' : 'up' },
      expected: { told: 'up' },
    },
  }
}

function subjectOf(event: ToldEvent, role: string): Subject | undefined {
  const { kind, deviceId, ifName, peerAddress, peerProtocol: protocol } = event
  if ((kind === 'link-down' || kind === 'link-up') && ifName !== '') {
    return {
      alarmType: 'link-down',
      resource: resource.interface(interfaceId(deviceId, ifName)),
      qualifier: '',
      name: ifName,
      down: kind === 'link-down',
      severity: linkSeverity(role, false),
    }
  }
  if ((kind === 'peer-down' || kind === 'peer-up') && peerAddress !== '') {
    return {
      alarmType: 'peer-down',
      resource: resource.device(deviceId),
      // As the detector of polled peers names it.
      qualifier: `${protocol}/${peerAddress}`,
      name: `${protocol.toUpperCase()} peer ${peerAddress}`,
      down: kind === 'peer-down',
      severity: 'major',
    }
  }
  return undefined
}
