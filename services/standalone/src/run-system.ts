import type { Logger } from '../../../libs/kernel/src/index.ts'
import type { CommandIo } from './command.ts'
import type { WeirSystem } from './system.ts'

/** Ends a stop that hangs: what was not committed is read again at the next start. */
const stopMsMax = 30_000

/** Starts the system, prints its addresses, reloads it on SIGHUP, and stops it cleanly when asked to. */
export async function runSystem(
  system: WeirSystem,
  io: CommandIo,
  log: Logger,
  announce: (print: (line: string) => void) => void = () => {},
): Promise<void> {
  const print = (line: string): void => void io.stdout.write(`${line}\n`)
  await system.component.start()
  if (system.gateway) print(system.gateway.address)
  print(`${system.statusAddress()}/metrics`)
  announce(print)
  const { reloader } = system
  // What it says of a failure is in the log.
  const reload = (): void => void reloader?.reload().catch(() => {})
  if (reloader) process.on('SIGHUP', reload)
  await aborted(io.signal)
  process.off('SIGHUP', reload)
  print('stopping …')
  const deadline = setTimeout(() => {
    log.error({ stopMsMax }, 'did not stop in time; ending now. Nothing acknowledged is lost')
    process.exit(1)
  }, stopMsMax)
  await system.component.stop()
  clearTimeout(deadline)
  print('stopped')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
