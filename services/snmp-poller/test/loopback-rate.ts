import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import type { DevicePoll, InterfacePoll } from '../../../libs/model/src/index.ts'
import { pollerOf } from './poll-agent.ts'
import { startSnmpd, which } from './snmpd.ts'

/**
 * Run in a network namespace of its own, where nothing else uses the loopback: sends known traffic over it while polling
 * a real snmpd, and prints what the polls say about it beside what was sent. The test of the same name starts it.
 */
const seconds = Number(process.argv[2] ?? 10)
const pollEveryMs = 2_000
const payloadBytes = 1_400
/** Linux counts the loopback's octets behind the Ethernet header: IPv4, UDP and payload. */
const packetBytes = payloadBytes + 20 + 8
const datagramsPerBurst = 30
const burstEveryMs = 20

execFileSync(which('ip')!, ['link', 'set', 'lo', 'up'])
const agent = await startSnmpd('rocommunity public 127.0.0.0/8')
const poller = pollerOf(agent, { timeoutMs: 1_000 })
const polls: DevicePoll[] = []
const loopback = (poll: DevicePoll): InterfacePoll => poll.interfaces.find(row => row.ifName === 'lo')!

const poll = async (): Promise<void> => void polls.push((await poller.poll()).poll)
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

await poll()
const datagrams = await sendFor(seconds * 1_000)
// snmpd keeps a table for 3 s: the last poll must see what was sent last.
await pause(3_500)
await poll()

const [first, last] = [polls[0]!, polls.at(-1)!]
const elapsedSeconds = (loopback(last).upTimeCs! - loopback(first).upTimeCs!) / 100
const octets = Number(loopback(last).inOctets! - loopback(first).inOctets!)
const steps = polls.slice(1).map((step, i) => Number(loopback(step).inOctets! - loopback(polls[i]!).inOctets!))
poller.close()
await agent.stop()
process.stdout.write(
  `${JSON.stringify({
    polls: polls.length,
    reachable: polls.every(one => one.health?.reachable && one.health.errors.length === 0),
    polledBitsPerSecond: (8 * octets) / elapsedSeconds,
    sentBitsPerSecond: (8 * datagrams * packetBytes) / elapsedSeconds,
    stepsSum: steps.reduce((a, b) => a + b, 0) === octets && steps.every(step => step >= 0),
  })}\n`,
)

async function sendFor(forMs: number): Promise<number> {
  const sink = createSocket('udp4')
  sink.bind(0, '127.0.0.1')
  const source = createSocket('udp4')
  await new Promise<void>(resolve => source.bind(0, '127.0.0.1', resolve))
  const payload = Buffer.alloc(payloadBytes)
  const { port } = sink.address()
  let sent = 0
  let nextPollAt = performance.now() + pollEveryMs
  const until = performance.now() + forMs
  while (performance.now() < until) {
    for (let i = 0; i < datagramsPerBurst; i++) {
      await new Promise<void>((resolve, reject) =>
        source.send(payload, port, '127.0.0.1', error => (error ? reject(error) : resolve())),
      )
      sent++
    }
    if (performance.now() >= nextPollAt) {
      nextPollAt += pollEveryMs
      await poll()
    }
    await pause(burstEveryMs)
  }
  sink.close()
  source.close()
  return sent
}
