/** What can change about a device. Kinds are stored and shown; they are never renamed. */
export const deviceChangeKinds = [
  // The device itself.
  'os',
  'version',
  'hardware',
  'serial',
  'reboot',
  // Its interfaces.
  'interface-added',
  'interface-removed',
  'interface-renamed',
  'interface-renumbered',
  'if-alias',
  'speed',
  'duplex',
  'admin-status',
  // Its parts, by serial number.
  'module-inserted',
  'module-removed',
  'module-replaced',
  'module-version',
  'sensor-limits',
  // Whom it talks to.
  'peer-added',
  'peer-removed',
  // Of its spanning tree.
  'stp-root',
  'stp-topology',
  /** More changed within an hour than is kept of one device. */
  'changes-omitted',
] as const
export type DeviceChangeKind = (typeof deviceChangeKinds)[number]
