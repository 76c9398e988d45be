import { type EchoRound, type EchoTool, EchoToolError, type RoundTrips } from './echo-tool.ts'
import { runProgram } from './run-program.ts'

/** Processes at once. */
const processesMax = 16
const graceMs = 3_000
/** What an ordinary user may (ping(8)). */
const gapLeastMs = 200

/**
 * `ping` of iputils, a process for each address: where fping is missing. Enough to ask a device that SNMP does not
 * reach; too dear to measure thousands.
 */
export function createPing(path = 'ping'): EchoTool {
  const ending = new AbortController()
  return {
    name: 'ping',
    addressesMax: 64,
    async round(addresses, round) {
      const answers = new Map<string, RoundTrips>()
      const waiting = [...new Set(addresses)]
      const work = async (): Promise<void> => {
        for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
          answers.set(address, await pingOne(path, address, round, ending.signal))
        }
      }
      await Promise.all(Array.from({ length: processesMax }, work))
      return answers
    },
    close: () => ending.abort(),
  }
}

async function pingOne(path: string, address: string, round: EchoRound, signal: AbortSignal): Promise<RoundTrips> {
  const gapMs = Math.max(gapLeastMs, round.gapMs)
  const args = [
    '-n',
    '-c',
    round.count,
    '-i',
    gapMs / 1_000,
    '-W',
    Math.max(1, Math.ceil(round.timeoutMs / 1_000)),
    address,
  ]
  try {
    const run = await runProgram(path, args.map(String), {
      withinMs: round.count * gapMs + round.timeoutMs + graceMs,
      signal,
    })
    // 1: no answer. 2: anything else (no route, not permitted); what answers there were are in the output all the same.
    const trips = readPing(run.output, round.count)
    if (run.code === 2 && trips.every(trip => trip === null) && !/unreachable/i.test(run.output)) {
      throw new EchoToolError(`ping ended with 2: ${run.output.split('\n', 1)[0]!.slice(0, 200)}`)
    }
    return trips
  } catch (cause) {
    if (cause instanceof EchoToolError) throw cause
    throw new EchoToolError(`${path} does not run: ${(cause as NodeJS.ErrnoException).code ?? cause}`, { cause })
  }
}

/** Reads lines as `64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=0.40 ms`; of duplicates the first counts. */
export function readPing(output: string, count: number): RoundTrips {
  const trips = new Array<number | null>(count).fill(null)
  for (const line of output.split('\n')) {
    const found = /icmp_seq=(\d+) .*time[=<](\d+(?:\.\d+)?) ?ms/.exec(line)
    const place = Number(found?.[1]) - 1
    if (found && place >= 0 && place < count) trips[place] ??= Math.round(Number(found[2]) * 1_000)
  }
  return trips
}
