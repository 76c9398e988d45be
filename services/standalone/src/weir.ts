#!/usr/bin/env node
import { ConfigError, packageVersion } from '../../../libs/kernel/src/index.ts'
import { type Command, type CommandIo, exitCodes, UsageError } from './command.ts'
import { commands } from './commands/index.ts'

/** What is left open by a client after a clean end must not keep the process. */
const lingerMs = 2_000

process.exitCode = await main(process.argv.slice(2))
setTimeout(() => process.exit(), lingerMs).unref()

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...args] = argv
  if (name === '--version') {
    process.stdout.write(`weir ${packageVersion}\n`)
    return exitCodes.ok
  }
  if (!name || name === '--help' || name === 'help') {
    process.stdout.write(await help())
    return name ? exitCodes.ok : exitCodes.usage
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    process.stderr.write(`weir: there is no command "${name}"; see weir --help\n`)
    return exitCodes.usage
  }
  const command = await load()
  if (args.includes('--help')) {
    process.stdout.write(`${command.usage}\n`)
    return exitCodes.ok
  }
  return run(name, command, args)
}

async function run(name: string, command: Command, args: readonly string[]): Promise<number> {
  const io: CommandIo = {
    stdout: process.stdout,
    stderr: process.stderr,
    signal: abortOnSignals(),
    env: process.env,
  }
  try {
    return await command.run(args, io)
  } catch (cause) {
    if (cause instanceof UsageError || (cause as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS_')) {
      process.stderr.write(`weir ${name}: ${(cause as Error).message}\n\n${command.usage}\n`)
      return exitCodes.usage
    }
    process.stderr.write(`weir ${name}: ${describeFailure(cause)}\n`)
    return cause instanceof ConfigError ? exitCodes.usage : exitCodes.failed
  }
}

/** The message and its causes; the stack only when asked for by WEIR_DEBUG. */
function describeFailure(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (process.env.WEIR_DEBUG) return cause.stack ?? cause.message
  return cause.cause ? `${cause.message}: ${describeFailure(cause.cause)}` : cause.message
}

/** The first signal asks for a clean end; a second one ends at once. */
function abortOnSignals(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(exitCodes.failed)
      controller.abort(signal)
    })
  }
  return controller.signal
}

async function help(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(commands).map(async ([name, load]) => `  ${name.padEnd(12)} ${(await load()).summary}`),
  )
  return `weir ${packageVersion}: a real-time network telemetry stream processor\n\nusage: weir <command> [options]\n\n${rows.join('\n')}\n\n"weir <command> --help" tells the rest.\n`
}
