import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { packageRoot } from '../../libs/kernel/src/index.ts'

const entry = join(packageRoot, 'dist/services/standalone/src/weir.js')

/** A running `weir demo` or `weir all`, as its user starts it: the built program in a process of its own. */
export interface WeirProcess {
  readonly pid: number
  /** Address of the gateway, from the first line of its output; empty where the process has none. */
  readonly gateway: string
  /** Address of the metrics page. */
  readonly metrics: string
  /** What it printed so far. */
  readonly output: readonly string[]
  signal(name: NodeJS.Signals): void
  /** Resolves to the exit code, or to the signal that ended it. */
  readonly ended: Promise<number | string>
}

export async function startWeir(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<WeirProcess> {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: packageRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output: string[] = []
  const ended = new Promise<number | string>(resolve =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  )
  const metrics = await untilReady(child, output, ended)
  const gateway = output.find(line => line.startsWith('http://'))!
  return {
    pid: child.pid!,
    gateway: gateway === metrics ? '' : gateway,
    metrics,
    output,
    signal: name => void child.kill(name),
    ended,
  }
}

/** Resolves to the address of the metrics page, the last that a process prints when it has started. */
function untilReady(child: ChildProcess, output: string[], ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stderr! }).on('line', line => output.push(line))
    createInterface({ input: child.stdout! }).on('line', line => {
      output.push(line)
      if (line.startsWith('http://') && line.endsWith('/metrics')) resolve(line)
    })
    void ended.then(how => reject(new Error(`weir ended (${how}) before it was ready:\n${output.join('\n')}`)))
  })
}

/** Runs a `weir` command to its end. */
export async function runWeir(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: packageRoot,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', chunk => stdout.push(chunk))
  child.stderr.on('data', chunk => stderr.push(chunk))
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') }
}

/** Polls until `probe` yields something; a failing probe counts as nothing yet. */
export async function until<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let lastFailure: unknown
  while (performance.now() < deadline) {
    try {
      const found = await probe()
      if (found !== undefined) return found
    } catch (cause) {
      lastFailure = cause
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: lastFailure })
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

export async function postJson<T>(url: string, body: unknown): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** A UDP port of 127.0.0.1 that was free a moment ago. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(() => resolve()))
  return port
}
