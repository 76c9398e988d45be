import { z } from 'zod'
import { loadConfig } from '../../../libs/kernel/src/index.ts'
import { dataTypes, type ElementDefinitions } from '../../../libs/wire/src/index.ts'

const definitionsMax = 65_536

/**
 * Information elements as people describe them: enterprise number (0 is IANA, `netflow9` for field types of NetFlow v9
 * alone), then id, then name and RFC 7012's data type.
 *
 *     elements:
 *       12356:
 *         7: { name: fortinetSessionId, type: unsigned32 }
 */
export const elementsSchema: z.ZodType<ElementDefinitions> = z
  .record(
    z.string().regex(/^(netflow9|\d{1,10})$/, 'an enterprise number, or netflow9'),
    z.record(
      z.string().regex(/^\d{1,5}$/, 'the id of an element, 0 to 65535'),
      z.strictObject({
        name: z.string().regex(/^[A-Za-z][\w.-]{0,127}$/, 'a name of letters, digits, "_", "." and "-"'),
        type: z.enum(Object.keys(dataTypes) as [string, ...string[]]),
      }),
    ),
  )
  .refine(all => Object.values(all).reduce((sum, one) => sum + Object.keys(one).length, 0) <= definitionsMax, {
    message: `more than ${definitionsMax} elements`,
  })

/**
 * Reads the `elements` of a YAML file; what else the file has is not looked at, so that `weir.yaml` serves too.
 * @throws ConfigError
 */
export function readElements(path: string): ElementDefinitions {
  return loadConfig(z.object({ elements: elementsSchema }), [path]).elements
}
