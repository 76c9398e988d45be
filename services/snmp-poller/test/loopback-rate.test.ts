import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../../libs/kernel/src/index.ts'
import { snmpdPath, which } from './snmpd.ts'

/** Seconds of traffic; 300 for the long version. */
const seconds = Number(process.env.WEIR_RATE_SECONDS ?? 12)
const script = join(packageRoot, 'dist/services/snmp-poller/test/loopback-rate.js')

function canUnshare(): boolean {
  try {
    execFileSync('unshare', ['--net', '--map-root-user', 'true'], { stdio: 'ignore' })
    return which('ip') !== undefined
  } catch {
    return false
  }
}

const missing = !snmpdPath
  ? 'no snmpd'
  : !canUnshare()
    ? 'no network namespaces'
    : !existsSync(script)
      ? 'not built'
      : ''

describe.skipIf(missing !== '')(`rates of a real interface${missing && ` (skipped: ${missing})`}`, () => {
  it(`are within 1 % of the bytes sent over ${seconds} s, by the device's own clock`, {
    timeout: (seconds + 60) * 1_000,
  }, () => {
    const output = execFileSync('unshare', ['--net', '--map-root-user', process.execPath, script, String(seconds)], {
      encoding: 'utf8',
    })
    const result = JSON.parse(output) as Record<'polls' | 'polledBitsPerSecond' | 'sentBitsPerSecond', number> & {
      reachable: boolean
      stepsSum: boolean
    }
    expect(result).toMatchObject({ reachable: true, stepsSum: true })
    expect(result.polls).toBeGreaterThan(seconds / 3)
    expect(Math.abs(result.polledBitsPerSecond / result.sentBitsPerSecond - 1)).toBeLessThan(0.01)
  })
})
