import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Debian's nfcapd reads no files: it gets the datagrams over loopback, slowly enough to lose none. */
const datagramsPerSecond = 8_000
const burst = 40

export interface NfcapdRun {
  /** CPU of nfcapd, or sfcapd for sFlow: receiving, decoding and writing its file. */
  cpuSeconds: number
  /** What nfdump counts in that file. */
  records: number
}

export async function runNfcapd(protocol: string, datagrams: readonly Uint8Array[], port: number): Promise<NfcapdRun> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-nfcapd-'))
  const program = protocol === 'sflow' ? 'sfcapd' : 'nfcapd'
  const args = ['-w', folder, '-b', '127.0.0.1', '-p', String(port), '-B', '4000000', '-t', '3600']
  const process = spawn(program, args, { stdio: 'ignore' })
  try {
    await pause(500)
    const before = cpuSecondsOf(process)
    await sendAll(datagrams, port)
    const cpuSeconds = (await atRest(process)) - before
    const ended = once(process, 'exit')
    process.kill('SIGTERM')
    await ended
    const files = readdirSync(folder).filter(name => /^nfcapd\.\d+$/.test(name))
    return { cpuSeconds, records: files.reduce((sum, name) => sum + flowsIn(join(folder, name)), 0) }
  } finally {
    process.kill('SIGKILL')
    rmSync(folder, { recursive: true })
  }
}

async function sendAll(datagrams: readonly Uint8Array[], port: number): Promise<void> {
  const socket: Socket = createSocket('udp4')
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  for (let at = 0; at < datagrams.length; at += burst) {
    const sent = datagrams
      .slice(at, at + burst)
      .map(datagram => new Promise<void>(resolve => socket.send(datagram, () => resolve())))
    await Promise.all([...sent, pause((burst / datagramsPerSecond) * 1_000)])
  }
  socket.close()
}

/** CPU once nothing more is added to it. */
async function atRest(process: ChildProcess): Promise<number> {
  let last = -1
  for (let tries = 0; tries < 100; tries++) {
    const now = cpuSecondsOf(process)
    if (now === last) return now
    last = now
    await pause(200)
  }
  return last
}

/** Time on a CPU, in nanoseconds, is the first number of each thread's schedstat. */
function cpuSecondsOf({ pid }: ChildProcess): number {
  const tasks = `/proc/${pid}/task`
  const nanoseconds = readdirSync(tasks).map(task =>
    Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9
}

function flowsIn(file: string): number {
  const statistics = execFileSync('nfdump', ['-I', '-r', file], { encoding: 'utf8' })
  return Number(/^Flows: (\d+)/m.exec(statistics)?.[1] ?? 0)
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
