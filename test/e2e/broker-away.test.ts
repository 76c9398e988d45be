import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaMissing, kafkaSource, startKafka, type TestKafka } from '../kafka/broker.ts'
import { freeUdpPort, startWeir, until, type WeirProcess } from '../support/weir-process.ts'

const name = 'a collector without its broker'

describe.skipIf(!kafkaSource || kafkaSource === 'given')(kafkaSource ? name : `${name} — ${kafkaMissing}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-broker-away-'))
  let kafka: TestKafka
  let collector: WeirProcess
  let port: number

  beforeAll(async () => {
    kafka = await startKafka()
    port = await freeUdpPort()
    const config = {
      log: { level: 'error' },
      status: { port: 0 },
      bus: { kind: 'kafka', brokers: kafka.brokers },
      collector: { listeners: [{ host: '127.0.0.1', port }] },
    }
    writeFileSync(join(folder, 'weir.yaml'), JSON.stringify(config))
    await kafka.process?.kill('SIGKILL')
    collector = await startWeir(['collector', '--config', join(folder, 'weir.yaml')])
  }, 120_000)

  afterAll(async () => {
    collector?.signal('SIGKILL')
    await collector?.ended
    await kafka?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('F53: receives and holds, is not ready, and sends everything once a broker answers', async () => {
    const socket = createSocket('udp4')
    for (let i = 0; i < 50; i++) {
      await new Promise(resolve => socket.send(Buffer.from(`datagram ${i}`), port, '127.0.0.1', resolve))
    }
    socket.close()
    await until('the datagrams are in', async () => ((await count('received')) === 50 ? true : undefined), 10_000)
    const ready = await fetch(`${new URL(collector.metrics).origin}/-/ready`)
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('not ready')])
    expect(await count('sent')).toBe(0)

    await kafka.process?.start()
    await until('everything is sent', async () => ((await count('sent')) === 50 ? true : undefined), 120_000)
    await until(
      'the collector is ready',
      async () => {
        const answer = await fetch(`${new URL(collector.metrics).origin}/-/ready`)
        return answer.ok || undefined
      },
      60_000,
    )
  }, 300_000)

  async function count(what: 'received' | 'sent'): Promise<number> {
    const text = await (await fetch(collector.metrics)).text()
    return [
      ...text.matchAll(new RegExp(`^weir_collector_${what}_datagrams_total(?:\\{[^}]*\\})? (\\d+)`, 'gm')),
    ].reduce((sum, match) => sum + Number(match[1]), 0)
  }
})
