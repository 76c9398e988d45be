import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { type BrowserServer, chromium } from 'playwright-core'
import { startLiveServer } from '../../services/gateway/test/web/live-server.ts'
import { type ScenarioName, scenario } from '../../services/gateway/test/web/scenarios.ts'

/**
 * What a wall costs its computer: CPU seconds a minute of every process of a headless Chromium without GPU, at one tiles
 * message a second, and the page's heap over the run. The budget is 9 CPU seconds a minute.
 *
 *     node dist/bench/micro/wall-cpu.js [seconds]
 */
const seconds = Number(process.argv[2] ?? 60)
const ticksPerSecond = 100
const budget = 9

const sizes = [
  { width: 1920, height: 1080 },
  { width: 3840, height: 2160 },
] as const
const names: readonly ScenarioName[] = ['calm', 'sixty', 'flood']

console.log(`# ${cpus()[0]?.model}, ${cpus().length} cores, node ${process.version}, ${seconds} s each`)
for (const name of names) {
  for (const size of sizes) {
    const result = await measure(name, size)
    const verdict = result.cpuSecondsAMinute <= budget ? '' : '  OVER BUDGET'
    console.log(
      `${name.padEnd(6)} ${size.width}×${size.height}  ${result.cpuSecondsAMinute.toFixed(1)} CPU s/min  heap ${result.heapBefore.toFixed(1)} → ${result.heapAfter.toFixed(1)} MB${verdict}`,
    )
  }
}

async function measure(name: ScenarioName, viewport: { width: number; height: number }) {
  const server = await startLiveServer({ heartbeatMs: 5_000 })
  const { alarms, tiles } = scenario(name, Date.now())
  server.setAlarms(alarms)
  server.setTiles(tiles)
  const refresh = setInterval(() => server.pushTiles(scenario(name, Date.now()).tiles), 1_000)
  const launched: BrowserServer = await chromium.launchServer({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
  try {
    const browser = await chromium.connect(launched.wsEndpoint())
    const page = await browser.newPage({ viewport })
    const devtools = await page.context().newCDPSession(page)
    const heap = async () => {
      await devtools.send('HeapProfiler.collectGarbage')
      const { usedSize } = (await devtools.send('Runtime.getHeapUsage')) as { usedSize: number }
      return usedSize / 1e6
    }
    await page.goto(server.wallUrl())
    await page.waitForSelector('.wall[data-frame="LIVE"]')
    await pause(5_000)
    const heapBefore = await heap()
    const before = ticksOfTree(launched.process().pid!)
    await pause(seconds * 1_000)
    const ticks = ticksOfTree(launched.process().pid!) - before
    return {
      cpuSecondsAMinute: (ticks / ticksPerSecond) * (60 / seconds),
      heapBefore,
      heapAfter: await heap(),
    }
  } finally {
    clearInterval(refresh)
    await launched.close()
    await server.stop()
  }
}

/** User and system time of a process and all its descendants, in clock ticks (proc(5)). */
function ticksOfTree(root: number): number {
  const children = new Map<number, number[]>()
  const ticks = new Map<number, number>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const stat = statOf(entry)
    if (!stat) continue
    const pid = Number(entry)
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), pid])
    ticks.set(pid, stat.ticks)
  }
  const sum = (pid: number): number =>
    (ticks.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((total, child) => total + sum(child), 0)
  return sum(root)
}

/** Undefined for a process that has just ended. */
function statOf(pid: string): { parent: number; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name may hold spaces and parentheses; fields are counted from behind it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
  } catch {
    return undefined
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
