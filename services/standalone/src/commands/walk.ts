import { parseArgs } from 'node:util'
import { systemClock, systemRandom } from '../../../../libs/kernel/src/index.ts'
import { parseOid } from '../../../../libs/snmp/src/index.ts'
import { createTransport, rawWalk, walkLine } from '../../../snmp-poller/src/index.ts'
import { type Command, exitCodes, UsageError } from '../command.ts'
import { secretsOf, snmpTarget, targetOptions, targetUsage } from './snmp-target.ts'

export const walkCommand: Command = {
  summary: 'prints the variables of one device, raw',
  usage: `usage: weir walk ADDRESS [OID] [options]

Walks the subtree (1.3.6.1.2.1 unless given) and prints a line a variable: OID, type, value. The walk ends on agents
that repeat themselves. Communities, user names of access tables and other known secrets are printed as "…".

  --max N             end after N variables (1000000)
${targetUsage}

Exit: 0 the subtree was walked to its end, 1 it was not, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...targetOptions, max: { type: 'string' } },
    })
    const root = parseOid(positionals[1] ?? '1.3.6.1.2.1')
    if (root === undefined) throw new UsageError(`"${positionals[1]}" is no OID`)
    const target = await snmpTarget(positionals[0], values, io.env)
    const transport = createTransport(systemClock, systemRandom)
    const session = transport.open(target)
    const cancel = (): void => session.cancel()
    io.signal.addEventListener('abort', cancel)
    try {
      const walk = rawWalk(session, { root, varbindsMax: Number(values.max) || 1_000_000 })
      const secrets = secretsOf(target.auth)
      for (;;) {
        const step = await walk.next()
        if (!step.done) {
          io.stdout.write(step.value.map(varbind => `${walkLine(varbind, secrets)}\n`).join(''))
        } else if (step.value.complete) {
          return exitCodes.ok
        } else {
          io.stderr.write(`weir walk: ${step.value.code}: ${step.value.detail}\n`)
          return exitCodes.failed
        }
      }
    } finally {
      io.signal.removeEventListener('abort', cancel)
      session.close()
      transport.close()
    }
  },
}
