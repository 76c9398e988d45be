import { writeSync } from 'node:fs'
import { systemClock } from '../../kernel/src/clock.ts'
import { silentLogger } from '../../kernel/src/log.ts'
import { createLocalBus } from '../src/local/index.ts'

/**
 * A process to be killed: writes to the log in the folder given, from several senders at once, and prints a line for
 * each acknowledged record: partition, offset, key. A second topic loses its oldest records all the while.
 */
const [path = '', run = ''] = process.argv.slice(2)
const bus = createLocalBus({ path, log: silentLogger, maintenanceIntervalMs: 20 })
await bus.start()
const spec = { partitions: 3, retentionMs: 86_400_000, retentionBytes: 1e12, compacted: false }
await bus.createTopics([
  { ...spec, name: 'kept' },
  { ...spec, name: 'shrinking', retentionBytes: 400_000 },
])
await Promise.all(Array.from({ length: 8 }, (_, sender) => sendForEver(sender)))

async function sendForEver(sender: number): Promise<void> {
  for (let i = 0; ; i++) {
    const keys = Array.from({ length: 1 + (i % 5) }, (_, j) => `${run}/${sender}/${i}/${j}`)
    const records = keys.map(key => ({
      key,
      value: Buffer.alloc(1 + ((i * 997) % 60_000), key),
      timestampMs: systemClock.nowMs(),
    }))
    await bus.send('shrinking', records)
    const positions = await bus.send('kept', records)
    writeSync(1, positions.map(({ partition, offset }, j) => `${partition} ${offset} ${keys[j]}\n`).join(''))
  }
}
