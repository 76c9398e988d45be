import { silentLogger } from '../../kernel/src/log.ts'
import { createLocalBus } from '../src/local/index.ts'

/** A process whose files may not grow beyond a limit: fills the log until it is refused and reports what happened. */
const bus = createLocalBus({ path: process.argv[2] ?? '', log: silentLogger })
await bus.start()
await bus.createTopics([{ name: 'filling', partitions: 1, retentionMs: 1e12, retentionBytes: 1e12, compacted: false }])
let acknowledged = 0
let code: unknown
while (!code && acknowledged < 10_000) {
  try {
    await bus.send('filling', [{ key: 'key', value: new Uint8Array(100_000), timestampMs: 0 }])
    acknowledged++
  } catch (cause) {
    code = (cause as { code?: unknown }).code
  }
}
let read = 0
const tail = await bus.tail({
  topic: 'filling',
  from: 'start',
  records(records) {
    read += records.length
  },
})
await tail.caughtUp
const ready = bus.readiness?.().ready
await bus.stop()
process.stdout.write(JSON.stringify({ code, ready, acknowledged, lost: acknowledged - read }))
