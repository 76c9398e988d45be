import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../../libs/kernel/src/index.ts'
import { snmpErrorCodes } from '../../../libs/snmp/src/index.ts'
import { snmpPollerConfigSchema } from '../src/index.ts'

const page = readFileSync(join(packageRoot, 'docs/reference/snmp-poller.md'), 'utf8')

it('the reference names every error code and every option', () => {
  const missing = [...Object.keys(snmpErrorCodes), ...Object.keys(snmpPollerConfigSchema.shape)].filter(
    name => !page.includes(`\`${name}\``),
  )
  expect(missing).toEqual([])
})
