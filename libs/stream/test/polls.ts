import { create } from '@bufbuild/protobuf'
import { type DevicePoll, DevicePollSchema, type InterfacePoll } from '../../model/src/index.ts'

type Row = Partial<Omit<InterfacePoll, '$typeName' | '$unknown'>>

/** A poll of `core-1` with rows that answer 64-bit octets and packets at 1 Gbit/s unless told otherwise. */
export function poll(
  atMs: number,
  upTimeCs: number | undefined,
  rows: Row[],
  rest: { reachable?: boolean; engineTimeS?: number; intervalMs?: number; errors?: string[]; partial?: boolean } = {},
): DevicePoll {
  return create(DevicePollSchema, {
    deviceId: 'core-1',
    siteId: 'hq',
    address: '192.0.2.1',
    startedMs: BigInt(atMs),
    completedMs: BigInt(atMs + 40),
    intervalMs: rest.intervalMs ?? 30_000,
    partial: rest.partial ?? false,
    health: {
      reachable: rest.reachable ?? true,
      durationMs: 40,
      errors: (rest.errors ?? []).map(code => ({ code, oid: '1.3.6.1.2.1.2', detail: '' })),
    },
    ...(upTimeCs === undefined ? {} : { sysUpTimeCs: upTimeCs }),
    ...(rest.engineTimeS === undefined ? {} : { engineTimeS: rest.engineTimeS }),
    interfaces: rows.map((row, i) => ({
      ifIndex: i + 1,
      ifName: `eth${i}`,
      ifDescr: '',
      ifType: 6,
      connectorPresent: true,
      speedBitsPerSecond: 1_000_000_000n,
      adminStatus: 1,
      operStatus: 1,
      octetCounterBits: 64,
      packetCounterBits: 64,
      fcsCounterBits: 32,
      ...row,
    })),
  })
}

export const startMs = Date.UTC(2026, 0, 5, 12)
