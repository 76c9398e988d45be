import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { WeirConfig } from '../config.ts'
import { type Finding, ok, warn } from './finding.ts'

const freeShareGood = 0.1

/** What the kernel and the disk of this host grant. */
export function checkHost(config: WeirConfig): Finding[] {
  return [checkReceiveBuffer(config), checkDisk(config.data)]
}

function checkReceiveBuffer({ collector }: WeirConfig): Finding {
  const file = '/proc/sys/net/core/rmem_max'
  if (!existsSync(file)) return ok('buffers', 'this system does not tell what receive buffers it grants')
  const granted = Number(readFileSync(file, 'utf8'))
  const wanted = collector.receiveBufferBytes
  if (granted >= wanted)
    return ok('buffers', `the kernel grants the receive buffers of ${wanted} octets that are wanted`)
  return warn(
    'buffers',
    `the kernel grants receive buffers of ${granted} octets, ${wanted} are wanted: bursts of flows will be lost`,
    `sysctl -w net.core.rmem_max=${wanted}`,
  )
}

/** The folder may not be there yet: its file system is that of the nearest folder above. */
function checkDisk(data: string): Finding {
  let folder = resolve(data)
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  const { bavail, blocks, bsize } = statfsSync(folder)
  const gib = ((bavail * bsize) / 2 ** 30).toFixed(1)
  if (bavail / blocks >= freeShareGood) return ok('disk', `${gib} GiB are free for ${data}`)
  return warn(
    'disk',
    `only ${gib} GiB (${Math.floor((100 * bavail) / blocks)} %) are free for ${data}`,
    'shorten retention, or give it a larger disk: docs/reference/store.md',
  )
}
