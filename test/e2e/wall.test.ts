/// <reference lib="dom" />

import { existsSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Alarm } from '../../libs/model/src/index.ts'
import { type LiveServer, startLiveServer, wallIsBuilt } from '../../services/gateway/test/web/live-server.ts'
import { alarm, type ScenarioName, sampleAlarms, scenario } from '../../services/gateway/test/web/scenarios.ts'
import { capHeightPerEm } from '../../services/gateway/web/src/state/screen.ts'

/** Flags for a browser without screen, sandbox, GPU or background traffic of its own. */
export const chromiumFlags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const missing = !existsSync(executablePath)
  ? `no Chromium at ${executablePath} (set CHROMIUM)`
  : !wallIsBuilt
    ? 'the wall is not built (npm run build:wall)'
    : ''

describe.skipIf(missing !== '')(missing === '' ? 'wall in a browser' : `wall in a browser SKIPPED: ${missing}`, () => {
  let browser: Browser
  let quietBrowser: Browser
  const opened: { stop(): Promise<void> }[] = []

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: [...chromiumFlags, '--autoplay-policy=no-user-gesture-required'],
    })
    quietBrowser = await chromium.launch({ executablePath, args: chromiumFlags })
  })
  afterAll(async () => {
    await browser?.close()
    await quietBrowser?.close()
  })
  afterEach(async () => {
    for (const one of opened.splice(0).reverse()) await one.stop()
  })

  async function serve(name: ScenarioName, heartbeatMs = 1_000): Promise<LiveServer> {
    const server = await startLiveServer({ heartbeatMs })
    opened.push(server)
    const { alarms, tiles } = scenario(name, Date.now())
    server.setAlarms(alarms)
    server.setTiles(tiles)
    const refresh = setInterval(() => server.pushTiles(scenario(name, Date.now()).tiles), 500)
    opened.push({ stop: async () => clearInterval(refresh) })
    return server
  }

  async function look(
    server: LiveServer,
    {
      query = '',
      width = 1920,
      height = 1080,
      scale = 1,
      by = browser,
    }: { query?: string; width?: number; height?: number; scale?: number; by?: Browser } = {},
  ): Promise<{ page: Page; complaints: string[] }> {
    const page = await by.newPage({ viewport: { width, height }, deviceScaleFactor: scale })
    opened.push({ stop: () => page.close() })
    const complaints: string[] = []
    page.on('pageerror', error => complaints.push(error.message))
    page.on('console', message => {
      // A refused policy shows as a console error; a refused connection does too, and is expected where a server stops.
      if (message.type() === 'error' && !/ERR_CONNECTION|WebSocket/.test(message.text()))
        complaints.push(message.text())
    })
    await page.goto(server.wallUrl(query))
    await page.waitForSelector('.wall:not([data-frame="CONNECTING"])')
    await page.evaluate(() => document.fonts.ready)
    return { page, complaints }
  }

  const frameOf = (page: Page) => page.getAttribute('.wall', 'data-frame')
  const becomes = (page: Page, frame: string, timeout: number) =>
    page.waitForSelector(`.wall[data-frame="${frame}"]`, { timeout })

  const sizes = [
    ['1920×1080', 1920, 1080, 1],
    ['3840×2160 at DPR 1', 3840, 2160, 1],
    ['3840×2160 at DPR 2', 1920, 1080, 2],
    ['3440×1440', 3440, 1440, 1],
    ['1080×1920', 1080, 1920, 1],
  ] as const

  for (const [name, width, height, scale] of sizes) {
    it(`fills ${name} without scrolling, and cuts no row, tile, device or port`, async () => {
      const server = await serve('sixty')
      // A browser that keeps silent has one tile more.
      const { page, complaints } = await look(server, { width, height, scale, by: quietBrowser })
      await page.waitForSelector('.alarm')
      await page.waitForSelector('[data-vital="sound"]')
      const overflow = await page.evaluate(() => {
        const root = document.documentElement
        const list = document.querySelector('.list')!.getBoundingClientRect()
        const last = [...document.querySelectorAll('.alarm')].at(-1)!.getBoundingClientRect()
        return {
          wide: root.scrollWidth - innerWidth,
          high: root.scrollHeight - innerHeight,
          lastRow: Math.round(last.bottom - list.bottom),
          // Nothing of a tile, no device, no port and no client of the site list has an ellipsis or leaves its box.
          cut: [...document.querySelectorAll<HTMLElement>('.vital *, .which *, .site-row .tenant, .site-row .tenant *')]
            .filter(one => getComputedStyle(one).display !== 'inline' && one.scrollWidth > one.clientWidth + 1)
            .map(one => one.textContent),
          outside: [...document.querySelectorAll('.vital')].flatMap(tile =>
            [...tile.querySelectorAll('*')]
              .filter(part => part.getBoundingClientRect().right > tile.getBoundingClientRect().right + 1)
              .map(part => part.textContent),
          ),
        }
      })
      expect(overflow.cut).toEqual([])
      expect(overflow.outside).toEqual([])
      expect(overflow.wide).toBeLessThanOrEqual(0)
      expect(overflow.high).toBeLessThanOrEqual(0)
      expect(overflow.lastRow).toBeLessThanOrEqual(0)
      const rows = await page.locator('.alarm').count()
      expect(rows).toBeGreaterThanOrEqual(3)
      expect(rows).toBeLessThanOrEqual(6)
      expect(await page.textContent('.more strong')).toMatch(/^\+\d+ more(, \d+ critical)?$/)
      expect(complaints).toEqual([])
    })
  }

  it('shows five alarms at 55 inches and 5 metres, device and port before client and site', async () => {
    const { page } = await look(await serve('sixty'))
    await page.waitForFunction(() => document.querySelectorAll('.alarm').length === 5)
    expect(
      await page.locator('.alarm .where', { hasText: 'core-1' }).first().locator('.name').allTextContents(),
    ).toEqual(['core-1', 'xe-0/0/3', 'Acme Logistics', 'Berlin'])
  })

  it('draws the traffic of a quiet network on labelled axes', async () => {
    const { page, complaints } = await look(await serve('calm'))
    await page.waitForSelector('.traffic .chart canvas')
    expect(await page.textContent('.traffic .caption')).toMatch(/Gbit\/s, time in UTC$/)
    const drawn = () =>
      page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('.traffic .chart canvas')!
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width * 0.1, canvas.height)
        return data.some(value => value > 0)
      })
    await expect.poll(drawn).toBe(true)
    expect(complaints).toEqual([])
  })

  it('draws capitals of 16 minutes of arc at the farthest seat, evidence of 10', async () => {
    const server = await serve('storm')
    const { page } = await look(server, { query: '?diag=55&dist=5' })
    await page.waitForSelector('.alarm .note')
    const heights = await page.evaluate(() => {
      const context = document.createElement('canvas').getContext('2d')!
      const capHeight = (selector: string) => {
        const { fontSize, fontFamily, fontWeight } = getComputedStyle(document.querySelector(selector)!)
        context.font = `${fontWeight} ${Number.parseFloat(fontSize) * 10}px ${fontFamily}`
        return context.measureText('H').actualBoundingBoxAscent / 10
      }
      return {
        severity: capHeight('.alarm .severity'),
        where: capHeight('.alarm .name.device'),
        since: capHeight('.alarm .since'),
        state: capHeight('.alarm .note'),
        evidence: capHeight('.alarm .evidence'),
        step: capHeight('.alarm .step'),
      }
    })
    // 55" of 16:9 at 1080 lines: 684.9 mm high, 0.634 mm a line; 16′ at 5 m are 23.27 mm, 36.7 lines.
    const pixels = (minutes: number) => (5_000 * Math.tan(((minutes / 60) * Math.PI) / 180)) / (684.9 / 1080)
    for (const part of ['severity', 'where', 'since', 'state'] as const) {
      expect(heights[part], part).toBeGreaterThanOrEqual(pixels(16) * 0.99)
    }
    for (const part of ['evidence', 'step'] as const) {
      expect(heights[part], part).toBeGreaterThanOrEqual(pixels(10) * 0.99)
    }
    const em = await page.evaluate(() => Number.parseFloat(getComputedStyle(document.documentElement).fontSize))
    expect(Math.abs(heights.severity / em - capHeightPerEm)).toBeLessThan(0.012)
  })

  it('shows what a device calls itself as text, whatever that is', async () => {
    const server = await serve('names')
    const { page, complaints } = await look(server)
    await page.waitForSelector('.alarm')
    expect(await page.title()).toBe('Weir wall')
    expect(await page.locator('#wall :is(img, script, iframe, [onload], [onerror])').count()).toBe(0)
    expect(await page.locator('.alarm', { hasText: '<script>document.title' }).count()).toBeGreaterThan(0)
    expect(await page.evaluate(() => document.body.textContent)).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
    expect(complaints).toEqual([])
  })

  it('says within 20 s that the gateway is gone, and is live again by itself when it returns', async () => {
    const server = await serve('storm', 2_000)
    const { page } = await look(server)
    await becomes(page, 'LIVE', 5_000)
    server.silence(true)
    await becomes(page, 'DISCONNECTED', 20_000)
    expect(await page.textContent('.state .word')).toContain('DISCONNECTED')
    expect(await page.textContent('.verdict strong')).toBe('was 2 critical')
    expect(await page.locator('.alarm').count()).toBeGreaterThan(0)
    server.silence(false)
    await becomes(page, 'LIVE', 35_000)
    expect(await page.textContent('.verdict strong')).toBe('2 critical')
  }, 70_000)

  it('resumes where it was, missing nothing', async () => {
    const server = await serve('calm')
    const { page } = await look(server)
    const [first, second] = sampleAlarms(Date.now())
    server.pushAlarm(first!)
    await page.waitForSelector('.verdict.critical')
    server.closeAll(3001, 'shutdown')
    server.pushAlarm(second!)
    await page.waitForFunction(() => document.querySelector('.verdict strong')?.textContent === '2 critical')
    const hellos = server.heard.filter(({ type }) => type === 'hello')
    expect(hellos.at(-1)).toEqual({ type: 'hello', streamId: 'stream-1', offset: 1 })
    expect(await page.textContent('.state .detail')).not.toContain('reloaded')
  })

  it('says what was missed where resuming is not possible', async () => {
    const server = await serve('storm')
    const { page } = await look(server)
    server.newStream('stream-2')
    server.setAlarms([])
    server.closeAll(3001, 'shutdown')
    await page.waitForFunction(() => /reloaded/.test(document.querySelector('.state .detail')?.textContent ?? ''))
    expect(await page.locator('.alarm').count()).toBe(0)
  })

  it('strikes a value that is too old, and only that one', async () => {
    const server = await serve('stale')
    const { page } = await look(server)
    await page.waitForSelector('.link.stale')
    expect(await page.locator('.link.stale').count()).toBe(1)
    expect(await page.textContent('.link.stale .rate')).toMatch(/^stale 4 min$/)
    expect(await page.locator('.cell.stale').count()).toBe(2)
    expect(await frameOf(page)).toBe('LIVE')
  })

  it('W7: a blind poller is the banner, said once for all clients; a dark site is one row with what it explains', async () => {
    const server = await serve('calm')
    const summary = 'The poller hears no device of any site since 12:00:05 UTC.'
    const sketch = { severity: 'critical', agoMs: 60_000, action: 'Check its network.', device: '' } as const
    const nowMs = Date.now()
    const of = (more: Partial<Alarm>) => ({ deviceId: null, ...more })
    const blind = [1, 2].map(site => {
      const more = of({ resource: 'poller/p1', siteId: null })
      return alarm({ ...sketch, type: 'telemetry-stale', site, device: `poller-${site}`, summary, more }, nowMs)
    })
    const dark = alarm(
      {
        ...sketch,
        ...{ type: 'site-dark', site: 5, summary: 'All 12 devices do not answer since 12:00:05 UTC.' },
        more: of({ resource: 'site/site-5' }),
      },
      nowMs,
    )
    const devices = Array.from({ length: 12 }, (_, i) =>
      alarm({ ...sketch, type: 'device-unreachable', site: 5, device: `sw-${i}`, summary: 'Silent.' }, nowMs),
    )
    server.setAlarms([...blind, dark, ...devices])
    const { page, complaints } = await look(server)
    await page.waitForSelector('.banner.blind')
    expect(await page.textContent('.banner')).toBe(`MONITORING IS BLIND${summary}`)
    expect(
      await page.evaluate(() =>
        [...document.querySelectorAll('.banner span')].some(one => one.scrollWidth > one.clientWidth + 1),
      ),
    ).toBe(false)
    expect(await page.locator('.alarm').count()).toBe(2)
    expect(await page.textContent('.list')).toContain('+12 related')
    expect(await page.textContent('.wall')).toContain('2 critical')
    expect(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight)).toBeLessThanOrEqual(0)
    if (process.env.WEIR_WALL_PICTURE) await page.screenshot({ path: process.env.WEIR_WALL_PICTURE })
    expect(complaints).toEqual([])
  })

  it('says that it waits for the first poll, and that monitoring is blind', async () => {
    const waiting = await look(await serve('first-poll'))
    expect(await waiting.page.textContent('.verdict strong')).toBe('Waiting for the first poll')
    const blind = await look(await serve('blind'))
    await blind.page.waitForSelector('.banner.blind')
    expect(await blind.page.textContent('.banner')).toContain('MONITORING IS BLIND')
  })

  it('makes one row of each site in a flood', async () => {
    const { page } = await look(await serve('flood'))
    await page.waitForSelector('.banner.flood')
    expect(await page.textContent('.alarm')).toContain('34 alarms')
  })

  it('tells a screen that may not look', async () => {
    const server = await serve('calm')
    const { page } = await look(server)
    server.closeAll(4403, 'no such tenant or site')
    await becomes(page, 'NOT AUTHORISED', 5_000)
    expect(await page.textContent('.verdict strong')).toBe('Screen not authorised')
  })

  it('says where the browser keeps it silent', async () => {
    const server = await serve('calm')
    const { page } = await look(server, { by: quietBrowser })
    await page.waitForSelector('[data-vital="sound"]', { timeout: 5_000 })
    expect(await page.textContent('[data-vital="sound"]')).toContain('SOUND BLOCKED')
    const heard = await look(server)
    expect(await heard.page.locator('[data-vital="sound"]').count()).toBe(0)
  })

  it('asks for what its address says', async () => {
    const server = await serve('calm')
    const { page } = await look(server, { query: '?tenant=acme-logistics&site=site-0&theme=light' })
    expect(server.heard[0]).toEqual({ type: 'hello', tenant: 'acme-logistics', site: 'site-0' })
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('light')
    expect(await page.locator('.name.tenant').count()).toBe(0)
  })

  it('weighs less than 96 KB as it travels', async () => {
    const server = await serve('storm')
    const page = await browser.newPage()
    opened.push({ stop: () => page.close() })
    const bodies: Buffer[] = []
    page.on('response', async response => {
      bodies.push(await response.body())
    })
    await page.goto(server.wallUrl(), { waitUntil: 'networkidle' })
    const bytes = bodies.reduce((sum, body) => sum + gzipSync(body).length, 0)
    expect(bodies.length).toBeGreaterThan(3)
    expect(bytes).toBeLessThan(96_000)
  })

  it('moves its clock by itself and its beat by the gateway', async () => {
    const server = await serve('calm')
    const { page } = await look(server)
    const clock = await page.textContent('.clock time')
    await page.waitForFunction(before => document.querySelector('.clock time')?.textContent !== before, clock)
    await page.waitForSelector('.beat.odd')
    await page.waitForSelector('.beat.even')
  })
})
