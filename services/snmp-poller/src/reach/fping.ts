import { type EchoRound, type EchoTool, EchoToolError, type RoundTrips } from './echo-tool.ts'
import { runProgram } from './run-program.ts'

/** Between two requests whatever their address: what an ordinary user may, and a thousand a second. */
const spacingMs = 1
/** Beyond the time a round must take. */
const graceMs = 5_000

/**
 * `fping -C`: one process for a round of thousands of addresses, which it takes from standard input and sends to in turn
 * (fping(8); this is how SmokePing and Zabbix measure too).
 */
export function createFping(path = 'fping'): EchoTool {
  const ending = new AbortController()
  return {
    name: 'fping',
    addressesMax: 20_000,
    async round(addresses, round) {
      if (addresses.length === 0) return new Map()
      const asked = new Set(addresses)
      const args = [
        '-C',
        round.count,
        '-q',
        '-r',
        0,
        '-B',
        1,
        '-p',
        round.gapMs,
        '-t',
        round.timeoutMs,
        '-i',
        spacingMs,
      ]
      const run = await start(path, args.map(String), `${[...asked].join('\n')}\n`, roundMs(asked.size, round), ending)
      const answers = readFping(run.output, asked, round.count)
      // 0: all answered; 1: some did not; 2: some names are none. With 3 and 4 it was not allowed, or not understood.
      if (run.cut || answers.size === 0) {
        throw new EchoToolError(`fping ended with ${run.cut ? 'a kill' : run.code}: ${firstLine(run.output)}`)
      }
      return answers
    },
    close: () => ending.abort(),
  }
}

async function start(path: string, args: readonly string[], input: string, withinMs: number, ending: AbortController) {
  try {
    return await runProgram(path, args, { input, withinMs, signal: ending.signal })
  } catch (cause) {
    throw new EchoToolError(`${path} does not run: ${(cause as NodeJS.ErrnoException).code ?? cause}`, { cause })
  }
}

/** Twice the round's own length (a busy host): a sweep takes a spacing for each address, and sweeps are a gap apart at least. */
function roundMs(addresses: number, { count, gapMs, timeoutMs }: EchoRound): number {
  return 2 * (count * Math.max(gapMs, addresses * spacingMs) + timeoutMs) + graceMs
}

/**
 * Reads lines as `192.0.2.1 : 0.40 - 0.38`, milliseconds, in the order of sending. Lines of another shape are warnings
 * (`ICMP Host Unreachable from …`) and say nothing that the missing answer does not.
 */
export function readFping(output: string, asked: ReadonlySet<string>, count: number): Map<string, RoundTrips> {
  const answers = new Map<string, RoundTrips>()
  for (const line of output.split('\n')) {
    const at = line.lastIndexOf(' : ')
    if (at < 0) continue
    const address = line.slice(0, at).trimEnd()
    if (!asked.has(address)) continue
    const values = line
      .slice(at + 3)
      .trim()
      .split(/\s+/)
    if (values.length !== count) continue
    const trips = values.map(readMs)
    if (!trips.includes(undefined)) answers.set(address, trips as (number | null)[])
  }
  return answers
}

/** Microseconds; null for `-`, undefined for what is neither. */
function readMs(text: string): number | null | undefined {
  if (text === '-') return null
  return /^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * 1_000) : undefined
}

function firstLine(output: string): string {
  return output.split('\n', 1)[0]!.slice(0, 200)
}
