import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { redactConfig, secret } from '../src/index.ts'

const community = z.strictObject({ version: z.literal('v2c'), community: secret() })
const user = z.strictObject({ version: z.literal('v3'), user: z.string(), key: secret().optional() }).refine(() => true)
const schema = z.strictObject({
  port: z.int().default(1),
  auths: z.record(z.string(), z.discriminatedUnion('version', [community, user])).prefault({}),
  traps: z.strictObject({ communities: z.array(secret()).default([]) }).optional(),
})

describe('secrets of a configuration', () => {
  it('are replaced wherever the schema declares them, and nothing else is', () => {
    const input = {
      auths: {
        office: { version: 'v2c', community: 'public1' },
        core: { version: 'v3', user: 'weir', key: 'public2' },
        none: { version: 'v3', user: 'weir' },
      },
      traps: { communities: ['public3', ''] },
    }
    const shown = redactConfig(schema, schema.parse(input))
    expect(shown).toEqual({
      port: 1,
      auths: {
        office: { version: 'v2c', community: '…' },
        core: { version: 'v3', user: 'weir', key: '…' },
        none: { version: 'v3', user: 'weir' },
      },
      traps: { communities: ['…', ''] },
    })
  })

  it('cannot come with what no schema describes', () => {
    expect(redactConfig(schema, { port: 2, more: { password: 'x' } })).toEqual({ port: 2 })
  })
})
