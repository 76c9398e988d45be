import { readFile } from 'node:fs/promises'

/**
 * Datagrams that the kernel dropped at each local UDP port since its socket was opened: the last column of
 * /proc/net/udp and udp6 (proc(5)). Empty where the system has no such files.
 */
export async function readKernelDrops(): Promise<Map<number, number>> {
  const drops = new Map<number, number>()
  const tables = await Promise.all(
    ['/proc/net/udp', '/proc/net/udp6'].map(file => readFile(file, 'latin1').catch(() => '')),
  )
  for (const table of tables) addDrops(drops, table)
  return drops
}

/** Adds one table's rows; sockets that share a port are counted together. */
export function addDrops(drops: Map<number, number>, table: string): void {
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/)
    const port = Number.parseInt(columns[1]?.split(':')[1] ?? '', 16)
    const dropped = Number(columns.at(-1))
    if (Number.isInteger(port) && Number.isInteger(dropped)) drops.set(port, (drops.get(port) ?? 0) + dropped)
  }
}

/** Turns the kernel's running totals into what is new of each port. */
export class KernelDropCounter {
  readonly #read: () => Promise<Map<number, number>>
  readonly #seen = new Map<number, number>()

  constructor(read: () => Promise<Map<number, number>> = readKernelDrops) {
    this.#read = read
  }

  /** Drops of `ports` since the last call; a total that shrank belongs to a socket opened since. */
  async take(ports: readonly number[]): Promise<Map<number, number>> {
    const totals = await this.#read()
    const fresh = new Map<number, number>()
    for (const port of new Set(ports)) {
      const total = totals.get(port) ?? 0
      const seen = this.#seen.get(port) ?? 0
      fresh.set(port, total >= seen ? total - seen : total)
      this.#seen.set(port, total)
    }
    return fresh
  }
}
