import { z } from 'zod'
import { idPattern, parsePrefix } from '../../../../libs/model/src/index.ts'

const id = z.string().regex(idPattern)

/** An entry of `networks`: what is known of the addresses of a prefix. */
export const networkSchema = z.strictObject({
  prefix: z.string().refine(text => parsePrefix(text) !== undefined, {
    message: 'a prefix without host bits such as 192.0.2.0/24 or 2001:db8::/32',
  }),
  /** Whose exporters it counts for; everybody's without. */
  tenant: id.optional(),
  site: id,
  name: z.string().max(128).regex(/^[^(]/, 'a name does not begin with a parenthesis').optional(),
  role: z.string().max(128).optional(),
  asn: z.int().min(1).max(0xffff_ffff).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'two capital letters, as in ISO 3166-1')
    .optional(),
})

/** Rollup rows hold a network as 16 bits. */
export const networksMax = 65_000
