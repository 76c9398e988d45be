import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** net-snmp's agent, as Debian ships it. */
export const snmpdPath: string | undefined = which('snmpd')

export function which(command: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${command}`], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

export interface Snmpd {
  readonly address: string
  readonly port: number
  /** Stops and starts it again; its configuration and engine id stay. `forgetful`: engineBoots begins anew; `config`: another one. */
  restart(options?: { forgetful?: boolean; config?: string }): Promise<void>
  stop(): Promise<void>
}

/** Starts snmpd as the current user on a free port of 127.x with nothing but `config`. */
export async function startSnmpd(config: string, address = '127.0.0.1'): Promise<Snmpd> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-snmpd-'))
  const port = await freePort(address)
  const configFile = join(folder, 'snmpd.conf')
  writeFileSync(configFile, `agentAddress udp:${address}:${port}\n${config}\n`)
  let child = await launch(folder, configFile, address, port)
  return {
    address,
    port,
    async restart(options = {}) {
      await end(child)
      if (options.config) writeFileSync(configFile, `agentAddress udp:${address}:${port}\n${options.config}\n`)
      if (options.forgetful || options.config) rmSync(join(folder, 'state'), { recursive: true, force: true })
      child = await launch(folder, configFile, address, port)
    },
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function launch(folder: string, configFile: string, address: string, port: number): Promise<ChildProcess> {
  const child = spawn(
    snmpdPath!,
    ['-f', '-Lf', join(folder, 'log'), '-C', '-c', configFile, '-p', join(folder, 'pid')],
    {
      env: { ...process.env, MIBS: '', SNMP_PERSISTENT_DIR: join(folder, 'state'), SNMPCONFPATH: folder },
      stdio: 'ignore',
    },
  )
  for (let i = 0; i < 100; i++) {
    if (child.exitCode !== null) throw new Error(`snmpd ended with ${child.exitCode}`)
    if (!(await canBind(address, port))) return child
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error('snmpd does not listen')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

async function freePort(address: string): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const { port } = socket.address() as AddressInfo
  socket.close()
  await once(socket, 'close')
  return port
}

/** Whether nobody listens there yet. */
async function canBind(address: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port, address)
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}
