export { type SnmpPollerConfig, snmpAuthSchema, snmpPollerConfigSchema } from './config.ts'
export { type Credentials, credentialsFor } from './credentials.ts'
export { deviceForm } from './device-form.ts'
export { type Discovery, discover, type HeardOf, type NeighbourOptions } from './discovery/discover.ts'
export { type DiscoveryConfig, discoveryConfigSchema } from './discovery/discovery-config.ts'
export { baseMac, type FoundDevice, isAtAddress } from './discovery/found-device.ts'
export { credentialsOf, datagramsOfSilence, type NamedAuth } from './discovery/probe-address.ts'
export {
  addressesMaxListed,
  addressesMaxUnlisted,
  isAllowed,
  type ScanPlan,
  type ScanRange,
  scanPlan,
} from './discovery/scan-plan.ts'
export { type OncePolled, pollOnce } from './poll-once.ts'
export { createSnmpPoller, type SnmpPoller, type SnmpPollerOptions } from './poller.ts'
export { type RawWalkEnd, type RawWalkOptions, rawWalk } from './raw-walk.ts'
export type { EchoRound, EchoTool, RoundTrips } from './reach/echo-tool.ts'
export { walkLine } from './redaction.ts'
export type { SnmpAuth, SnmpReply, SnmpSession, SnmpTarget, SnmpTransport } from './snmp-transport.ts'
export { createTransport } from './transports.ts'
