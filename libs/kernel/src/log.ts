import { type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'
import { z } from 'zod'

export const logConfigSchema = z.strictObject({
  level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
})

/** Level by what the operator must do: error, act now; warn, look today; info, nothing; debug, for us. */
export type Logger = PinoLogger

/** Structured log on stderr, so that stdout stays a command's own. */
export function createLogger(name: string, config: z.infer<typeof logConfigSchema>): Logger {
  return pino(
    {
      name,
      level: config.level,
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: ['community', 'password', '*.community', '*.password', '*.authKey', '*.privKey'], censor: '…' },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}

export const silentLogger: Logger = pino({ level: 'silent' })
