import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { judgeValue, newSeries } from '../../libs/detect/src/index.ts'
import { packageRoot } from '../../libs/kernel/src/index.ts'
import { readCorpus } from './nab-corpus.ts'
import { type Detections, leaveCategoryOut, type NabProfile, nabProfiles, nabScore } from './nab-score.ts'
import { vusPr } from './vus-pr.ts'

// How well the series detectors do on NAB: its own score for the alert path, VUS-PR for the score path.
// Run: npx tsc -b && node dist/bench/detection/nab.js [NAB folder]

const material = process.env.WEIR_MATERIAL ?? join(packageRoot, '../shared/material')
const folder = process.argv[2] ?? join(material, 'detection/nab')
if (!existsSync(folder)) {
  console.error(`NAB is not at ${folder}: give the folder of a copy of github.com/numenta/NAB`)
  process.exit(2)
}
const corpus = readCorpus(folder)
const alerts: Detections[] = []
const scores: Detections[] = []
const fixed: Detections[] = []
let points = 0
let stateBytes = 0
const started = process.cpuUsage()
for (const series of corpus) {
  const state = newSeries()
  const rows = series.values.length
  const alertScores = new Float64Array(rows)
  const levels = new Float64Array(rows)
  const said = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const { score, alertScore, alert } = judgeValue(state, series.timesMs[i]!, series.values[i]!)
    alertScores[i] = alertScore
    levels[i] = score
    said[i] = alert ? 1 : 0
  }
  alerts.push({ series, scores: alertScores })
  scores.push({ series, scores: levels })
  fixed.push({ series, scores: said })
  points += rows
  stateBytes = Math.max(stateBytes, JSON.stringify(state).length)
}
const spent = process.cpuUsage(started)
const weeks = corpus.reduce((sum, { timesMs }) => sum + (timesMs.at(-1)! - timesMs[0]!) / 604_800_000, 0)

console.log(`${corpus.length} series, ${points} points; ${cpus()[0]?.model}, Node ${process.version}`)
console.log('| profile | best threshold | the fixed threshold | windows found | false alarms |')
console.log('|---|---|---|---|---|')
for (const profile of Object.keys(nabProfiles) as NabProfile[]) {
  const best = nabScore(alerts, profile)
  const atFixed = nabScore(fixed, profile, 1)
  console.log(
    `| ${profile} | ${best.score.toFixed(2)} | ${atFixed.score.toFixed(2)} | ${atFixed.windowsFound} | ${atFixed.falseAlarms} |`,
  )
}
console.log(`threshold from the other categories: ${leaveCategoryOut(alerts).toFixed(2)}`)
console.log(`false alarms a series and week: ${(nabScore(fixed, 'standard', 1).falseAlarms / weeks).toFixed(3)}`)
const short = scores.filter(({ series }) => series.values.length <= 5_400 && series.windows.length > 0)
const volumes = short.map(({ series, scores: levels }) => vusPr(series, levels))
console.log(`VUS-PR over ${short.length} series: ${(volumes.reduce((a, b) => a + b, 0) / short.length).toFixed(4)}`)
console.log(`${(((spent.user + spent.system) * 1_000) / points).toFixed(0)} ns a point, ${stateBytes} bytes of state`)
