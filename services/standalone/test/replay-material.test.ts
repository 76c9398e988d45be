import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createLocalBus } from '../../../libs/bus/src/local/index.ts'
import { createMetrics, packageRoot, silentLogger, systemClock } from '../../../libs/kernel/src/index.ts'
import { topics } from '../../../libs/model/src/index.ts'
import { readDatagrams } from '../../../libs/wire/src/index.ts'
import { createFlowCollector, flowCollectorConfigSchema } from '../../flow-collector/src/index.ts'
import { replayCommand } from '../src/commands/replay.ts'
import { TimeShifter } from '../src/replay/time-shift.ts'

const material = join(packageRoot, process.env.WEIR_MATERIAL ?? '../shared/material', 'flows/replay')
const name = existsSync(material)
  ? 'weir replay on real captures'
  : `weir replay on real captures: SKIPPED, ${material} is absent`

describe.skipIf(!existsSync(material))(name, () => {
  const files = existsSync(material) ? readdirSync(material).filter(file => file.endsWith('.pcap')) : []

  it('sends every datagram of every capture', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-replay-'))
    const bus = createLocalBus({ path: join(folder, 'log'), log: silentLogger })
    await bus.start()
    await bus.createTopics([
      { name: topics.flowsRaw, partitions: 2, retentionMs: 1e12, retentionBytes: 1e12, compacted: false },
    ])
    const collector = createFlowCollector({
      config: flowCollectorConfigSchema.parse({ listeners: [{ port: 0 }] }),
      inventory: { devices: [] },
      bus,
      clock: systemClock,
      log: silentLogger,
      metrics: createMetrics(),
    })
    await collector.start()
    let wanted = 0
    for (const file of files) {
      const path = join(material, file)
      const count = [...readDatagrams(readFileSync(path))].length
      wanted += count
      const stdout = new PassThrough()
      const io = { stdout, stderr: new PassThrough(), signal: new AbortController().signal, env: {} }
      const args = [path, '--port', String(collector.ports[0]), '--data', folder]
      expect(await replayCommand.run(args, io), file).toBe(0)
      expect(JSON.parse(String(stdout.read())), file).toMatchObject({ datagrams: count, skipped: 0, kernelDrops: 0 })
    }
    await collector.stop()
    expect(collector.counts()).toMatchObject({ received: wanted, sent: wanted, dropped: 0, kernelDrops: 0 })
    await bus.stop()
    rmSync(folder, { recursive: true })
  })

  it('shifts there and back to the same bytes', () => {
    for (const file of files) {
      const [there, back] = [new TimeShifter(86_400), new TimeShifter(-86_400)]
      for (const datagram of readDatagrams(readFileSync(join(material, file)))) {
        const shifted = there.shifted(datagram)
        const again = back.shifted({ ...datagram, payload: shifted })
        expect(Buffer.from(again).equals(datagram.payload), file).toBe(true)
      }
    }
  })
})
