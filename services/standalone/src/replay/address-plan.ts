import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AddressTableEntry, addressTableSchema } from '../../../flow-collector/src/index.ts'

type Table = Record<string, AddressTableEntry>

const lockPatienceMs = 10_000

/**
 * Gives each original exporter an address of 127.100.0.0/16 of its own, and writes them to the collector's address table
 * before anything is sent: exporters of a capture never merge. Exporters that are in the table keep their address.
 * @returns original address → address to send from
 */
export async function planAddresses(
  path: string,
  tenantId: string,
  exporters: readonly string[],
): Promise<Map<string, string>> {
  await mkdir(dirname(path), { recursive: true })
  const release = await lock(path)
  try {
    const table = await readTable(path)
    const addresses = allot(table, tenantId, exporters)
    // A rename is atomic: the collector reads the whole old table or the whole new one.
    await writeFile(`${path}.new`, `${JSON.stringify(table, null, 2)}\n`)
    await rename(`${path}.new`, path)
    return addresses
  } finally {
    await release()
  }
}

function allot(table: Table, tenantId: string, exporters: readonly string[]): Map<string, string> {
  const addresses = new Map<string, string>()
  for (const [address, entry] of Object.entries(table)) {
    const isOurs = address.startsWith('127.100.') && entry.tenantId === tenantId && entry.collectorId === undefined
    if (isOurs && exporters.includes(entry.exporterAddress)) addresses.set(entry.exporterAddress, address)
  }
  let next = 1
  for (const exporterAddress of exporters) {
    if (addresses.has(exporterAddress)) continue
    while (table[addressOf(next)]) next++
    if (next >= 65_535)
      throw new RangeError('127.100.0.0/16 has no addresses left: remove old ones from the address table')
    table[addressOf(next)] = { tenantId, exporterAddress }
    addresses.set(exporterAddress, addressOf(next))
  }
  return addresses
}

function addressOf(number: number): string {
  return `127.100.${number >> 8}.${number & 0xff}`
}

async function readTable(path: string): Promise<Table> {
  if (!existsSync(path)) return {}
  return addressTableSchema.parse(JSON.parse(await readFile(path, 'utf8')))
}

/** Two replays at once must not allot the same address. A lock left by a killed one is taken after its time. */
async function lock(path: string): Promise<() => Promise<void>> {
  const name = `${path}.lock`
  const untilMs = Date.now() + lockPatienceMs
  for (;;) {
    try {
      await (await open(name, 'wx')).close()
      return () => rm(name, { force: true })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
      const { mtimeMs } = await stat(name).catch(() => ({ mtimeMs: Date.now() }))
      if (Date.now() - mtimeMs > lockPatienceMs) await rm(name, { force: true })
      else if (Date.now() > untilMs) throw new Error(`${name} is held by another replay; remove it if none runs`)
      else await sleep(20)
    }
  }
}
