import { cpus } from 'node:os'
import { chromium } from 'playwright-core'
import { startLiveServer } from '../../services/gateway/test/web/live-server.ts'
import { alarm, scenario } from '../../services/gateway/test/web/scenarios.ts'

/**
 * Does a wall's memory grow? A day of alarms in minutes: 50 raised and cleared a second (a flood is ten in ten minutes),
 * tiles five times a second, each alarm with an id of its own. Heap after a forced collection, and DOM nodes, each half
 * minute; the slope is of the second half of the run.
 *
 *     node dist/bench/micro/wall-soak.js [minutes]
 */
const minutes = Number(process.argv[2] ?? 6)
const raisedPerSecond = 50
const openMs = 4_000

const server = await startLiveServer({ heartbeatMs: 5_000 })
server.setTiles(scenario('sixty', Date.now()).tiles)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
})
const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } })
await page.goto(server.wallUrl())
await page.waitForSelector('.wall[data-frame="LIVE"]')
const devtools = await page.context().newCDPSession(page)

let raised = 0
const tiles = setInterval(() => server.pushTiles(scenario('sixty', Date.now()).tiles), 200)
const storm = setInterval(() => {
  for (let index = 0; index < raisedPerSecond / 10; index++) raise(raised++)
}, 100)

console.log(`# ${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, ${minutes} min`)
const samples: { minute: number; megabytes: number }[] = []
const begunMs = Date.now()
while (Date.now() - begunMs < minutes * 60_000) {
  await new Promise(resolve => setTimeout(resolve, 30_000))
  await devtools.send('HeapProfiler.collectGarbage')
  const { usedSize } = (await devtools.send('Runtime.getHeapUsage')) as { usedSize: number }
  const { nodes } = (await devtools.send('Memory.getDOMCounters')) as { nodes: number }
  const minute = (Date.now() - begunMs) / 60_000
  samples.push({ minute, megabytes: usedSize / 1e6 })
  console.log(`${minute.toFixed(1)} min  ${raised} alarms  heap ${(usedSize / 1e6).toFixed(2)} MB  ${nodes} nodes`)
}
console.log(`slope ${(slope(samples.slice(samples.length / 2)) * 60).toFixed(2)} MB/h`)
clearInterval(tiles)
clearInterval(storm)
await browser.close()
await server.stop()

function raise(index: number): void {
  const nowMs = Date.now()
  const one = alarm(
    {
      type: 'link-down',
      severity: index % 4 === 0 ? 'critical' : 'minor',
      site: index % 60,
      device: `d${index}`,
      ifName: 'uplink',
      agoMs: 0,
      summary: 'down since the last poll; it should be up',
      action: 'Check the far end',
    },
    nowMs,
  )
  server.pushAlarm(one)
  setTimeout(() => {
    server.pushAlarm({
      ...one,
      rev: 2,
      isCleared: true,
      condition: 'cleared',
      clearedAt: new Date().toISOString(),
      changedAt: new Date().toISOString(),
    })
  }, openMs)
}

/** Least squares, megabytes a minute. */
function slope(points: readonly { minute: number; megabytes: number }[]): number {
  const meanX = points.reduce((sum, { minute }) => sum + minute, 0) / points.length
  const meanY = points.reduce((sum, { megabytes }) => sum + megabytes, 0) / points.length
  const over = points.reduce((sum, { minute, megabytes }) => sum + (minute - meanX) * (megabytes - meanY), 0)
  return over / points.reduce((sum, { minute }) => sum + (minute - meanX) ** 2, 0)
}
