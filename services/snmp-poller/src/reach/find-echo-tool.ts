import type { Logger } from '../../../../libs/kernel/src/index.ts'
import type { EchoTool } from './echo-tool.ts'
import { createFping } from './fping.ts'
import { createPing } from './ping.ts'

const once = { count: 1, gapMs: 200, timeoutMs: 1_000 }

/** The first of fping and ping that is there and may do its work: each is asked to reach this host itself. */
export async function findEchoTool(
  log: Logger,
  candidates = [createFping(), createPing()],
): Promise<EchoTool | undefined> {
  const reasons: string[] = []
  for (const tool of candidates) {
    try {
      const answers = await tool.round(['127.0.0.1'], once)
      if (answers.get('127.0.0.1')?.[0] != null) {
        log.info({ tool: tool.name }, 'echo requests are sent by this program')
        return tool
      }
      reasons.push(`${tool.name}: this host does not answer itself`)
    } catch (cause) {
      reasons.push((cause as Error).message)
    }
    tool.close()
  }
  log.warn(
    { reasons },
    'no program may send echo requests; devices that SNMP does not reach are tried by TCP and UDP. Install fping',
  )
  return undefined
}
