export { type SnmpPollerConfig, snmpAuthSchema, snmpPollerConfigSchema } from './config.ts'
export { createSnmpPoller, type SnmpPoller, type SnmpPollerOptions } from './poller.ts'
export type { SnmpAuth, SnmpReply, SnmpSession, SnmpTarget, SnmpTransport } from './snmp-transport.ts'
export { createTransport } from './transports.ts'
