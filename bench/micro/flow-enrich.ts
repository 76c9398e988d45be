import { bench, do_not_optimize, group, run } from 'mitata'
import { type Prefix, parsePrefix } from '../../libs/model/src/index.ts'
import {
  type AddressDatabases,
  FlowEnrichment,
  longestPrefixRanges,
  type Network,
} from '../../libs/stream/src/index.ts'
import { FlowColumns } from '../../libs/wire/src/index.ts'
import { FlowRollup } from '../../services/stream-processor/src/flows/flow-rollup.ts'

// What enriching a flow record costs on top of rolling it up, and what one look-up costs past the memory of addresses.
// Each round is 4,096 records, between 1,024 inside hosts and addresses from anywhere.
// Run: npx tsc -b && node dist/bench/micro/flow-enrich.js

const records = 4_096
let seed = 7
function random(): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed
}

const prefixes = (family: 4 | 6, count: number): (Prefix & { value: number })[] =>
  Array.from({ length: count }, (_, i) => {
    const size = family === 4 ? 32 : 128
    const bits = family === 4 ? 12 + (random() % 13) : 24 + (random() % 25)
    const head = BigInt(random()) << BigInt(size - 32)
    return { family, bits, address: (head >> BigInt(size - bits)) << BigInt(size - bits), value: 1 + (i % 60_000) }
  })
const table = longestPrefixRanges([...prefixes(4, 400_000), ...prefixes(6, 100_000)])
const databases: AddressDatabases = { asn: table, country: table }
const networks: Network[] = Array.from({ length: 256 }, (_, i) => ({
  prefix: `10.${i}.0.0/16`,
  site: `site-${i % 16}`,
}))
if (!networks.every(network => parsePrefix(network.prefix))) throw new Error('a prefix of the bench is wrong')

const columns = new FlowColumns(records)
columns.length = records
for (let i = 0; i < records; i++) {
  columns.startMs[i] = columns.endMs[i] = 1_700_000_000_000
  columns.octets[i] = 1_500n
  columns.packets[i] = 1n
  columns.samplingRate[i] = 1
  columns.protocol[i] = 6
  columns.sourcePort[i] = 443
  columns.destinationPort[i] = 50_000
  columns.inputInterface[i] = i & 7
  columns.sourceAddressWords.set([0, 0, 0xffff0000, 0x0a | ((random() % 1_024) << 8)], 4 * i)
  columns.destinationAddressWords.set([0, 0, 0xffff0000, random()], 4 * i)
}
const six = new Uint32Array(4 * records).map(random)

function rollUp(enrichment: FlowEnrichment | undefined): void {
  const rollup = new FlowRollup()
  const exporter = rollup.exporter({ tenantId: 'a', exporterId: 'a/c/1', enrichment })
  for (let i = 0; i < records; i++) rollup.add(exporter, columns, i)
  do_not_optimize(rollup.rows)
}

const byNetwork = new FlowEnrichment('a', networks)
const byAll = new FlowEnrichment('a', networks, databases)

group(`roll up ${records} records`, () => {
  bench('as exported', () => rollUp(undefined))
  bench('with 256 networks', () => rollUp(byNetwork))
  bench('with 256 networks and databases of 500,000 prefixes', () => rollUp(byAll))
})
group(`look up ${records} addresses among ${table.size} ranges`, () => {
  bench('IPv4', () => {
    let sum = 0
    for (let i = 0; i < records; i++) sum += table.find(columns.destinationAddressWords, 4 * i)
    do_not_optimize(sum)
  })
  bench('IPv6', () => {
    let sum = 0
    for (let i = 0; i < records; i++) sum += table.find(six, 4 * i)
    do_not_optimize(sum)
  })
})

await run()
