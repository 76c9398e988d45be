/** A subcommand of `weir`. Data goes to stdout, words for people to stderr; the exit code is what `run` resolves to. */
export interface Command {
  /** One line for `weir --help`. */
  summary: string
  /** What `weir <name> --help` prints. */
  usage: string
  run(args: readonly string[], io: CommandIo): Promise<number>
}

export interface CommandIo {
  /** The process's own where it is left out. */
  stdin?: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
  /** Aborted by SIGINT or SIGTERM. */
  signal: AbortSignal
  env: NodeJS.ProcessEnv
}

export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

/** Wrong arguments; the dispatcher prints the message with the command's usage and exits with 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UsageError'
  }
}
