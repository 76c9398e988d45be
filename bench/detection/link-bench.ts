import { cpus } from 'node:os'
import { faultyDevices, healthyDevices } from './link-plan.ts'
import { CiscoFcsRules, LibreNmsRules, PrometheusRules, type RuleSet, WeirRules, ZabbixRules } from './rules.ts'
import { className, emptyScores, quantile, runDevice, type Scores } from './score.ts'

/**
 * LinkBench: does it find failing links, how soon, and how often does it cry wolf? Seeded links with labelled faults, and
 * healthy ones with everything that looks like trouble and is none, polled each 30 s with jitter, lost polls and agents
 * that cache. Weir beside the rules that others ship, on the same polls.
 * Run: `npm run build && node dist/bench/detection/link-bench.js [replicas] [healthy devices] [seed]`
 */
const replicas = Number(process.argv[2] ?? 5)
const healthy = Number(process.argv[3] ?? 60)
const seed = Number(process.argv[4] ?? 1)

const products: readonly (readonly [string, () => RuleSet])[] = [
  ['Weir', () => new WeirRules()],
  ['Zabbix', () => new ZabbixRules()],
  ['LibreNMS', () => new LibreNmsRules()],
  ['Prometheus', () => new PrometheusRules()],
  ['Cisco FCS', () => new CiscoFcsRules()],
]

console.log(
  `${cpus()[0]?.model}, Node ${process.version}; seed ${seed}, ${replicas} replicas of each class and profile, ${healthy} healthy devices of 8 links for a day`,
)
const faulty = faultyDevices(seed, replicas)
const calm = healthyDevices(seed, healthy)
const results = products.map(([name, make]): [string, Scores] => {
  const scores = emptyScores()
  const before = process.cpuUsage()
  for (const { device, fault, class: faultClass } of faulty) {
    runDevice(scores, make(), device, { event: fault, name: className(faultClass) })
  }
  for (const device of calm) runDevice(scores, make(), device)
  const { user, system } = process.cpuUsage(before)
  console.log(`${name}: ${scores.polls} polls in ${((user + system) / 1e6).toFixed(1)} CPU-s, their making included`)
  return [name, scores]
})

const names = [...new Set(results.flatMap(([, scores]) => [...scores.classes.keys()]))]
console.log('\nfound of all, median/95th percentile of polls until then, alarms per fault found')
console.log(['class'.padEnd(22), ...products.map(([name]) => name.padEnd(22))].join(''))
for (const name of names) {
  const cells = results.map(([, scores]) => {
    const score = scores.classes.get(name)
    if (!score || score.found === 0) return '-'
    const [median, late] = [quantile(score.polls, 0.5), quantile(score.polls, 0.95)]
    return `${score.found}/${score.faults}  ${median}/${late}  ${(score.alarms / score.found).toFixed(2)}`
  })
  console.log([name.padEnd(22), ...cells.map(cell => cell.padEnd(22))].join(''))
}
console.log('\nfalse alarms per 1000 link-days')
for (const [name, { falseAlarms, linkDays }] of results) {
  const byType = new Map<string, number>()
  for (const { type } of falseAlarms) byType.set(type, (byType.get(type) ?? 0) + 1)
  const detail = [...byType].map(([type, count]) => `${type} ${count}`).join(', ')
  console.log(
    `${name.padEnd(22)}${((1_000 * falseAlarms.length) / linkDays).toFixed(2)} (${falseAlarms.length} in ${linkDays.toFixed(0)} link-days${detail ? `: ${detail}` : ''})`,
  )
}
const [, weir] = results[0]!
for (const { type, device, link, atMs } of weir.falseAlarms.slice(0, 10)) {
  console.log(`  Weir: ${type} on ${device} ${link} at ${new Date(atMs).toISOString()}`)
}
