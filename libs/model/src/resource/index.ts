import type { DeviceId, ExporterId, InterfaceId } from '../identity.ts'

/** What an alarm is about. Stands alone, so that screens can have it without the schemas. */
export const resource = {
  device: (deviceId: DeviceId): string => `device/${deviceId}`,
  interface: (id: InterfaceId): string => `interface/${id}`,
  exporter: (id: ExporterId): string => `exporter/${id}`,
  site: (siteId: string): string => `site/${siteId}`,
  probe: (probeId: string): string => `probe/${probeId}`,
  /** Parts of Weir itself: a poller by its producer id, and a topic of the pipeline. */
  poller: (producerId: string): string => `poller/${producerId}`,
  pipeline: (topic: string): string => `pipeline/${topic}`,
} as const

/** What is said of an exporter's flows; it may name a device, and yet says nothing of the device's polls. */
export function isOfExporter(resourceName: string): boolean {
  return resourceName.startsWith('exporter/')
}

/** What is said of Weir itself: monitoring that does not see. */
export function isOfWeir(resourceName: string): boolean {
  return resourceName.startsWith('poller/') || resourceName.startsWith('pipeline/')
}
