import { startLiveServer } from './live-server.ts'
import { type ScenarioName, scenario, scenarioNames } from './scenarios.ts'

/** `node dist/services/gateway/test/web/serve.js storm 8099`: the built wall with a scenario, refreshed each second. */
const name = (process.argv[2] ?? 'storm') as ScenarioName
if (!scenarioNames.includes(name)) throw new Error(`"${name}" is none of ${scenarioNames.join(', ')}`)
const server = await startLiveServer({ port: Number(process.argv[3] ?? 8099), heartbeatMs: 5_000 })
const first = scenario(name, Date.now())
server.setAlarms(first.alarms)
server.setTiles(first.tiles)
setInterval(() => server.pushTiles(scenario(name, Date.now()).tiles), 1_000)
process.stdout.write(`${server.wallUrl()}\n`)
