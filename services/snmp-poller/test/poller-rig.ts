import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { pino } from 'pino'
import type { Bus, BusRecord } from '../../../libs/bus/src/index.ts'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, type Metrics, seededRandom, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import {
  type Inventory,
  inventorySchema,
  type PollRecord,
  PollRecordSchema,
  topics,
} from '../../../libs/model/src/index.ts'
import { createSnmpPoller, type SnmpPoller, snmpPollerConfigSchema } from '../src/index.ts'

export interface PolledRecord {
  record: BusRecord
  message: PollRecord
}

export interface PollerRig {
  bus: Bus
  records: PolledRecord[]
  startPoller(inventory: Inventory, config?: object, bus?: Bus, metrics?: Metrics): Promise<SnmpPoller>
  /** All that pollers said in their logs. */
  logged(): string
  stop(): Promise<void>
}

/** A real bus in a directory of its own, what pollers write to it, and pollers. */
export async function startRig(partitions = 4): Promise<PollerRig> {
  const path = mkdtempSync(join(tmpdir(), 'weir-poller-'))
  const bus = createLocalBus({ path, clock: systemClock, log: silentLogger, metrics: createMetrics() })
  await bus.start()
  const spec = { partitions, retentionMs: 3_600_000, retentionBytes: 1e9, compacted: false }
  await bus.createTopics([
    { ...spec, name: topics.polls },
    { ...spec, name: topics.events },
    { ...spec, name: topics.pollers, partitions: 1 },
  ])
  const records: PolledRecord[] = []
  const tail = await bus.tail({
    topic: topics.polls,
    from: 'start',
    records: batch => {
      for (const record of batch) records.push({ record, message: fromBinary(PollRecordSchema, record.value!) })
    },
  })
  const pollers: SnmpPoller[] = []
  const lines: string[] = []
  const listening = pino({ level: 'debug' }, { write: line => void lines.push(line) })
  return {
    bus,
    records,
    async startPoller(inventory, config = {}, over = bus, metrics = createMetrics()) {
      const poller = createSnmpPoller({
        config: snmpPollerConfigSchema.parse({
          auths: { lab: { version: 'v2c', community: 'public' } },
          producerId: 'poller-1',
          timeoutMs: 300,
          retries: 1,
          traps: { enabled: false },
          ...config,
        }),
        inventory,
        bus: over,
        clock: systemClock,
        random: seededRandom(7 + pollers.length),
        log: listening,
        metrics,
      })
      pollers.push(poller)
      await poller.start()
      return poller
    },
    logged: () => lines.join('\n'),
    async stop() {
      await Promise.all(pollers.map(poller => poller.stop()))
      await tail.close()
      await bus.stop()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

export function inventoryOf(
  agents: Record<string, { address: string; port: number }>,
  intervalMs = 1_000,
  auth = 'lab',
): Inventory {
  return inventorySchema.parse({
    tenants: [{ id: 't1' }],
    sites: [{ id: 's1', tenant: 't1' }],
    devices: Object.entries(agents).map(([id, agent]) => ({
      id,
      tenant: 't1',
      site: 's1',
      address: agent.address,
      snmp: { auth, port: agent.port, intervalMs },
    })),
  })
}
