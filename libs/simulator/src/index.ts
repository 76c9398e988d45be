export { SimulatedAgent } from './agent/agent.ts'
export { EchoResponder } from './agent/echo-responder.ts'
export { defaultExporterOptions, type ExporterOptions, SimulatedExporter } from './exporters/exporter.ts'
export * from './flow-encoders/flow-record.ts'
export * from './flow-encoders/frame-header.ts'
export * from './flow-encoders/ipfix.ts'
export * from './flow-encoders/netflow-v5.ts'
export { encodeNetflowV9, type NetflowV9Content, type NetflowV9Header } from './flow-encoders/netflow-v9.ts'
export * from './flow-encoders/sflow-v5.ts'
export * from './generate-datagrams.ts'
export type { CollectorAddressTable } from './inventory.ts'
export {
  demonstrationIncidents,
  type ExpectedAlarm,
  type IncidentEffect,
  type IncidentSpec,
} from './model/incidents.ts'
export { type CounterName, counterNames } from './model/interface-counters.ts'
export { NetworkModel, type NetworkModelOptions } from './model/network-model.ts'
export { CascadeSource, originOf, type PacketSource } from './model/packet-source.ts'
export {
  deviceById,
  type ExporterSpec,
  peerOf,
  portByName,
  type SimulatedDevice,
  type SimulatedLink,
  type SimulatedPort,
} from './model/topology.ts'
export * from './network-history.ts'
export * from './simulated-network.ts'
