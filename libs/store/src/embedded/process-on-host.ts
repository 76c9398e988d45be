import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

/** A process by more than its id, which comes back, and is always 1 in a container. */
export interface ProcessOnHost {
  pid: number
  /** Ticks from boot to the process's start; empty where there is no /proc, and the id must do. */
  startTicks: string
  host: string
}

export function describeProcess(pid: number): ProcessOnHost {
  return { pid, startTicks: startTicks(pid), host: hostname() }
}

/** Whether a process of this host still runs. */
export function isAlive(other: ProcessOnHost): boolean {
  try {
    process.kill(other.pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
  return startTicks(other.pid) === other.startTicks
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)). The command, field 2, stands in parentheses and may hold spaces. */
function startTicks(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
