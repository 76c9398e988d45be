import { render } from 'preact'
import { fitScreen } from './screen/fit.ts'
import { keepTrends } from './screen/keep-trends.ts'
import { browserPorts } from './screen/live-socket.ts'
import { reloadWhenServed } from './screen/reload-page.ts'
import { createSound } from './screen/sound.ts'
import { keepAwake } from './screen/wake-lock.ts'
import { createConnection } from './state/connection.ts'
import { askingAlarms } from './state/explained.ts'
import { createReloadPolicy } from './state/reload.ts'
import { parseScreen } from './state/screen.ts'
import { createServerTime } from './state/server-time.ts'
import { createSoundPolicy } from './state/sounds.ts'
import { createWallStore } from './state/wall-store.ts'
import { type WallView, wallView } from './state/wall-view.ts'
import './style/index.css'
import { Wall } from './view/wall.tsx'

/** A new critical moves the frame for this long, then stands still. */
const pulseMs = 10_000
/** Alarms are drawn at once, but a storm of them not more often than this. */
const drawGapMs = 250

const root = document.querySelector('#wall')!
const screen = parseScreen(location.search)
const fitted = fitScreen(screen)
const store = createWallStore()
const serverTime = createServerTime()
const soundPolicy = createSoundPolicy()
const reloads = createReloadPolicy(Date.now(), screen.reloadHour)
const room = { alarms: 5, links: 3 }
let view: WallView | undefined
let beat = 0
let pulseUntilMs = 0
let drawnMs = Number.NEGATIVE_INFINITY
let drawing = false

const serverNowMs = () => serverTime.nowMs(performance.now(), Date.now())

const sound = createSound(screen.sound, () => draw())
const connection = createConnection({
  ports: browserPorts,
  tenant: screen.tenant,
  site: screen.site,
  received(message) {
    beat++
    if ('serverTimeMs' in message) serverTime.observe(message.serverTimeMs, performance.now(), Date.now())
    store.apply(message, serverNowMs())
    if (message.type === 'alarm' || message.type === 'snapshot') {
      if (soundPolicy.due(askingAlarms(store.alarms.values()), serverNowMs(), view?.flood.active ?? false)) {
        sound.play()
        pulseUntilMs = performance.now() + pulseMs
      }
      draw()
    }
  },
  changed: () => draw(),
})

/** Draws within the next frame, or at the end of the gap after the last drawing. */
function draw(): void {
  if (drawing) return
  drawing = true
  setTimeout(() => requestAnimationFrame(drawNow), Math.max(0, drawnMs + drawGapMs - performance.now()))
}

function drawNow(): void {
  drawing = false
  drawnMs = performance.now()
  view = wallView({
    store,
    connection,
    screen,
    monotonicMs: drawnMs,
    serverNowMs: serverNowMs(),
    driftMs: serverTime.driftMs(),
    alarmRows: room.alarms,
    linkRows: room.links,
    before: view,
  })
  render(
    <Wall
      view={view}
      screen={screen}
      beat={beat}
      sound={sound.state()}
      pulsing={drawnMs < pulseUntilMs}
      problems={[...screen.problems, ...(fitted.tooFar() ? ['panel too small for its distance'] : [])]}
      alarmRows={room.alarms}
      alarmRoom={rows => take('alarms', rows)}
      linkRoom={rows => take('links', rows)}
    />,
    root,
  )
}

function take(what: keyof typeof room, rows: number): void {
  if (room[what] === rows) return
  room[what] = rows
  draw()
}

/** Once a second, on the second: the clock moves by the page's own strength, the beat beside it by the gateway's. */
function tick(): void {
  draw()
  setTimeout(tick, 1_000 - (serverNowMs() % 1_000) + 5)
}

function look(): void {
  const nowMs = serverNowMs()
  store.forgetOld(nowMs)
  if (soundPolicy.due(askingAlarms(store.alarms.values()), nowMs, view?.flood.active ?? false)) sound.play()
  const due = reloads.due({
    nowMs: Date.now(),
    localHour: new Date().getHours(),
    live: view?.frame.name === 'LIVE',
    unattendedCritical: view?.unattendedCritical ?? 0,
    newAlarms: view?.flood.newAlarms ?? 0,
    builds: store.builds(),
  })
  if (due) void reloadWhenServed()
}

keepTrends({ flow: store.flowTrend, lag: store.lagTrend })
connection.start()
keepAwake()
tick()
setInterval(look, 15_000)
addEventListener('online', () => connection.nudge())
document.addEventListener('visibilitychange', () => connection.nudge())
