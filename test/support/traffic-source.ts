import { renameSync, writeFileSync } from 'node:fs'
import { silentLogger, systemClock } from '../../libs/kernel/src/index.ts'
import { createSimulatedNetwork } from '../../libs/simulator/src/index.ts'

/**
 * The simulated network in a process of its own, so that it lives on while the system under test is killed.
 * Arguments: file to write `{inventory, addressTable}` to, seed, agents' port, NetFlow port, IPFIX port, sFlow port.
 */
const [file, seed, agentPort, netflow, ipfix, sflow] = process.argv.slice(2)
if (!file) throw new Error('usage: traffic-source FILE SEED AGENT-PORT NETFLOW-PORT IPFIX-PORT SFLOW-PORT')

const network = createSimulatedNetwork({
  seed: Number(seed),
  clock: systemClock,
  log: silentLogger,
  startMs: systemClock.nowMs(),
  community: 'weir-demo',
  agentPort: Number(agentPort),
  flowsTo: { host: '127.0.0.1', ports: { netflow: Number(netflow), ipfix: Number(ipfix), sflow: Number(sflow) } },
})
await network.start()
const content = { inventory: network.inventory, addressTable: network.collectorAddressTable }
writeFileSync(`${file}.new`, JSON.stringify(content))
renameSync(`${file}.new`, file)
// An orphan must not send for ever: it ends with its parent, or after an hour.
process.on('disconnect', () => process.exit(0))
setTimeout(() => process.exit(0), 3_600_000).unref()
process.on('SIGTERM', () => void network.stop().then(() => process.exit(0)))
