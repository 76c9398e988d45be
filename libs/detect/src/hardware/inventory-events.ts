/** What a device is, as last told. Plain JSON. */
export interface DeviceFacts {
  os: string
  version: string
  hardware: string
  serial: string
}

export interface InventoryEvent {
  kind: keyof DeviceFacts | 'reboot'
  from: string
  to: string
}

/**
 * What changed about a device: another version, another serial number (it was replaced), a reboot. An empty fact was not
 * read, which is no change.
 */
export function inventoryEvents(
  before: DeviceFacts | undefined,
  system: DeviceFacts | undefined,
  rebooted: boolean,
): { facts: DeviceFacts | undefined; events: InventoryEvent[] } {
  const events: InventoryEvent[] = rebooted ? [{ kind: 'reboot', from: '', to: '' }] : []
  if (!system) return { facts: before, events }
  const facts: DeviceFacts = { os: '', version: '', hardware: '', serial: '', ...before }
  for (const kind of ['os', 'version', 'hardware', 'serial'] as const) {
    if (system[kind] === '' || system[kind] === facts[kind]) continue
    // The first that is known of a device is no change.
    if (facts[kind] !== '') events.push({ kind, from: facts[kind], to: system[kind] })
    facts[kind] = system[kind]
  }
  return { facts, events }
}
