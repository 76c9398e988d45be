import { spawn } from 'node:child_process'

export interface ProgramRun {
  /** Exit code; null when it was ended by a signal. */
  readonly code: number | null
  /** Both output streams, as they came. */
  readonly output: string
  /** It was ended because it took too long, or said too much. */
  readonly cut: boolean
}

export interface ProgramOptions {
  readonly input?: string
  readonly withinMs: number
  readonly signal: AbortSignal
}

/** No round says more: ten thousand addresses with twenty answers each take a tenth of it. */
const outputBytesMax = 16_777_216

/**
 * Runs a program without a shell and waits for its end. Its environment holds the search path alone: what it prints must
 * not depend on a locale, and secrets are none of its business.
 * @throws when it cannot be started
 */
export function runProgram(path: string, args: readonly string[], options: ProgramOptions): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C' },
    })
    const parts: Buffer[] = []
    let bytes = 0
    let cut = false
    const end = (): void => {
      cut = true
      child.kill('SIGKILL')
    }
    const take = (part: Buffer): void => {
      bytes += part.length
      if (bytes > outputBytesMax) end()
      else parts.push(part)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    // A program that ends before it has read all its input closes the pipe; its exit code says the rest.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.input ?? '')
    const timer = setTimeout(end, options.withinMs)
    timer.unref()
    options.signal.addEventListener('abort', end, { once: true })
    const settle = (): void => {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', end)
    }
    child.on('error', cause => {
      settle()
      reject(cause)
    })
    child.on('close', code => {
      settle()
      resolve({ code, output: Buffer.concat(parts).toString('latin1'), cut })
    })
    if (options.signal.aborted) end()
  })
}
