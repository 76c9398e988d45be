import { execFile, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import snmp from 'net-snmp'
import { seededRandom, systemClock } from '../../libs/kernel/src/index.ts'
import { deviceSchema } from '../../libs/model/src/index.ts'
import { formatOid } from '../../libs/snmp/src/index.ts'
import { DevicePoller } from '../../services/snmp-poller/src/device-poller.ts'
import { everyPollColumns } from '../../services/snmp-poller/src/interface-columns.ts'
import { InterfaceTables } from '../../services/snmp-poller/src/interface-table.ts'
import { UdpTransport } from '../../services/snmp-poller/src/udp-transport.ts'
import { switchValues } from '../../services/snmp-poller/test/test-agent.ts'
import { BenchAgents } from './snmp-agents.ts'

/**
 * What does a poll of a 48-port device cost, v2c and v3 (SHA-1, AES-128), ours beside its rivals? Each poller is a process of
 * its own; rounds go by turns. The agents are one process more, whose cost is not counted.
 * Run: `npm run build && node dist/bench/pipeline/snmp-polls.js [polls a round] [rounds]`, with
 * WEIR_GOSNMP=binary that `go build` makes of bench/peers/gosnmp, and
 * WEIR_SNMP_EXPORTER=binary of github.com/prometheus/snmp_exporter, WEIR_SNMP_YML=the snmp.yml beside its source.
 */
const ports = 48
const inFlight = 20
const columns = everyPollColumns.filter(column => !column.name.startsWith('dot3'))
const address = '127.0.0.1'
type Version = 'v2c' | 'v3'

interface Round {
  polls: number
  cells: number
  wallSeconds: number
  cpuSeconds: number
}

const [role, ...rest] = process.argv.slice(2)
if (role === 'agents') await serve()
else if (role === 'poller') await pollOnRequest(rest[0]!, rest[1] as Version, Number(rest[2]))
else await compare(Number(role ?? 1_000), Number(rest[0] ?? 5))

async function compare(polls: number, rounds: number): Promise<void> {
  console.log(
    `${cpus()[0]?.model}, ${cpus().length} CPUs, Node ${process.version}; ${polls} polls a round, ${rounds} rounds, ${ports} ports, ${columns.length} columns, seed 1`,
  )
  const agents = fork(fileURLToPath(import.meta.url), ['agents'])
  const [port] = (await once(agents, 'message')) as [number]
  const contenders = [...nodePollers(port), ...goPollers(port), ...exporters(port)]
  const results = new Map(contenders.map(({ name }) => [name, [] as Round[]]))
  for (let round = -1; round < rounds; round++) {
    for (const one of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      // The slow ones need no thousand polls to be measured.
      const result = await one.run(Math.max(inFlight, Math.floor((polls * one.share) / inFlight) * inFlight))
      if (round >= 0) results.get(one.name)!.push(result)
    }
  }
  for (const { stop } of contenders) stop()
  agents.kill()
  console.log('| poller | CPU-s a 1000 polls, median (best) | interfaces/s, median (best) | cells a poll | us a cell |')
  console.log('|---|---|---|---|---|')
  for (const [name, all] of results) {
    const cpu = all.map(one => (1_000 * one.cpuSeconds) / one.polls).sort((a, b) => a - b)
    const rate = all.map(one => (ports * one.polls) / one.wallSeconds).sort((a, b) => b - a)
    const cells = all[0]!.cells / all[0]!.polls
    const middle = Math.floor(all.length / 2)
    console.log(
      `| ${name} | ${cpu[middle]!.toFixed(2)} (${cpu[0]!.toFixed(2)}) | ${Math.round(rate[middle]!)} (${Math.round(rate[0]!)}) | ${Math.round(cells)} | ${((1_000 * cpu[middle]!) / cells).toFixed(2)} |`,
    )
  }
}

interface Contender {
  name: string
  /** Of the polls of a round. */
  share: number
  run(polls: number): Promise<Round>
  stop(): void
}

function nodePollers(port: number): Contender[] {
  return [
    ['weir', 'v2c', 1],
    ['net-snmp', 'v2c', 0.25],
    ['weir', 'v3', 0.5],
    ['net-snmp', 'v3', 0.1],
  ].map(([kind, version, share]) => {
    const child = fork(fileURLToPath(import.meta.url), ['poller', String(kind), String(version), String(port)])
    return {
      name: `${kind === 'weir' ? 'Weir, to finished records' : 'npm net-snmp, getBulk of all columns'}, ${version}`,
      share: share as number,
      async run(polls) {
        child.send(polls)
        const [round] = (await once(child, 'message')) as [Round]
        return round
      },
      stop: () => child.kill(),
    }
  })
}

function goPollers(port: number): Contender[] {
  const binary = process.env.WEIR_GOSNMP
  if (!binary) {
    console.log('gosnmp left out: WEIR_GOSNMP does not name its binary')
    return []
  }
  const names = columns.map(column => `.${formatOid(column.oid)}`).join(',')
  return (['v2c', 'v3'] as const).flatMap(version =>
    ['getbulk', 'walk'].map(method => ({
      name: `gosnmp ${method}, ${version}`,
      share: 0.5,
      async run(polls: number) {
        const args = [String(polls), String(inFlight), version, method, `${address}:${port}`, names]
        const { stdout } = await promisify(execFile)(binary, args, { env: { ...process.env, GOMAXPROCS: '1' } })
        const [done, cells, wallSeconds, cpuSeconds] = stdout.trim().split(' ').map(Number)
        return { polls: done!, cells: cells!, wallSeconds: wallSeconds!, cpuSeconds: cpuSeconds! }
      },
      stop: () => {},
    })),
  )
}

function exporters(port: number): Contender[] {
  const { WEIR_SNMP_EXPORTER: binary, WEIR_SNMP_YML: config } = process.env
  if (!binary || !config) {
    console.log('snmp_exporter left out: WEIR_SNMP_EXPORTER and WEIR_SNMP_YML do not name its binary and configuration')
    return []
  }
  const httpPort = 20_116
  const args = [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${httpPort}`, '--log.level=error']
  const child = spawn(binary, args, { stdio: 'ignore', env: { ...process.env, GOMAXPROCS: '1' } })
  const url = `http://127.0.0.1:${httpPort}/snmp?module=if_mib&auth=public_v2&target=${address}:${port}`
  return [
    {
      name: 'snmp_exporter if_mib over HTTP, v2c',
      share: 0.05,
      async run(polls) {
        await waitForHttp(url)
        const [started, before] = [performance.now(), cpuSecondsOf(child.pid!)]
        let cells = 0
        for (let done = 0; done < polls; done += inFlight) {
          const pages = await Promise.all(Array.from({ length: inFlight }, async () => (await fetch(url)).text()))
          for (const page of pages) cells += page.split('\n').filter(line => line.startsWith('if')).length
        }
        const wallSeconds = (performance.now() - started) / 1_000
        return { polls, cells, wallSeconds, cpuSeconds: cpuSecondsOf(child.pid!) - before }
      },
      stop: () => child.kill(),
    },
  ]
}

async function waitForHttp(url: string): Promise<void> {
  for (let i = 0; i < 100; i++) {
    const page = await fetch(url).catch(() => undefined)
    if (page?.ok) return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('snmp_exporter does not answer')
}

/** User and system time of another process, all its threads. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function pollOnRequest(kind: string, version: Version, port: number): Promise<void> {
  const poll = kind === 'weir' ? weirPolls(version, port) : netSnmpPolls(version, port)
  await Promise.all(Array.from({ length: inFlight }, (_, i) => poll(i)))
  process.on('message', async (polls: number) => {
    const [started, before] = [performance.now(), process.cpuUsage()]
    let cells = 0
    await Promise.all(
      Array.from({ length: inFlight }, async (_, i) => {
        for (let done = i; done < polls; done += inFlight) {
          const found = await poll(i)
          cells += found
        }
      }),
    )
    const used = process.cpuUsage(before)
    const wallSeconds = (performance.now() - started) / 1_000
    process.send!({ polls, cells, wallSeconds, cpuSeconds: (used.user + used.system) / 1e6 })
  })
}

/** One of `inFlight` devices is polled; says how many cells came. */
type Poll = (device: number) => Promise<number>

function weirPolls(version: Version, port: number): Poll {
  const transport = new UdpTransport({ clock: systemClock, random: seededRandom(1) })
  const auth =
    version === 'v2c'
      ? ({ version, community: 'public' } as const)
      : ({
          version,
          user: 'poller',
          authProtocol: 'sha',
          authKey: 'auth-passphrase',
          privProtocol: 'aes',
          privKey: 'priv-passphrase',
        } as const)
  const tables = new InterfaceTables()
  const pollers = Array.from({ length: inFlight }, (_, i) => {
    return new DevicePoller({
      device: deviceSchema.parse({ id: `d${i}`, tenant: 't', site: 's', address }),
      session: transport.open({ host: address, port, auth, timeoutMs: 5_000, retries: 3 }),
      clock: systemClock,
      intervalMs: 60_000,
      budgetMs: 60_000,
      slowRefreshMs: 600_000,
      interfacesMax: 1_000,
      tables,
    })
  })
  return async i => {
    const { poll } = await pollers[i]!.poll()
    if (poll.interfaces.length !== ports) throw new Error(`a poll brought ${poll.interfaces.length} interfaces`)
    return poll.interfaces.length * (columns.length + 1)
  }
}

function netSnmpPolls(version: Version, port: number): Poll {
  const options = { port, timeout: 5_000, retries: 3, idBitsSize: 32 } as const
  const user = {
    name: 'poller',
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha,
    authKey: 'auth-passphrase',
    privProtocol: snmp.PrivProtocols.aes,
    privKey: 'priv-passphrase',
  }
  const sessions = Array.from({ length: inFlight }, () =>
    version === 'v2c'
      ? snmp.createSession(address, 'public', { ...options, version: snmp.Version2c })
      : snmp.createV3Session(address, user, options),
  )
  const prefixes = columns.map(column => formatOid(column.oid))
  return async i => {
    let cells = 0
    let next = [...prefixes]
    for (let ended = false; !ended; ) {
      const found = await new Promise<snmp.Varbind[][]>((resolve, reject) => {
        sessions[i]!.getBulk(next, 0, 3, (error: Error | null, varbinds: unknown) =>
          error ? reject(error) : resolve(varbinds as snmp.Varbind[][]),
        )
      })
      next = found.map((rows, column) => {
        const good = rows.filter(({ oid }) => oid.startsWith(`${prefixes[column]}.`))
        cells += good.length
        if (good.length < rows.length) ended = true
        return good.at(-1)?.oid ?? next[column]!
      })
    }
    return cells
  }
}

async function serve(): Promise<void> {
  const agents = new BenchAgents(switchValues(ports))
  process.send!(await agents.listen(address, 0))
}
