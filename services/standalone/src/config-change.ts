import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError } from '../../../libs/kernel/src/index.ts'
import { configWith } from './config.ts'

export interface ConfigChange {
  readonly path: string
  /** What the file held when the change was made up; undefined where there was none. */
  readonly before: string | undefined
  readonly after: string
}

/** Text of the file, or undefined where there is none. */
export function textOf(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/**
 * Puts the new text in place of the file as a whole or not at all, once the whole configuration with it is found good.
 * @throws ConfigError where it is not, or where somebody changed the file meanwhile
 */
export function applyChange(config: string | undefined, { path, before, after }: ConfigChange): void {
  configWith(config, { path, text: after })
  mkdirSync(dirname(path), { recursive: true })
  // A link stays one: what it leads to is replaced.
  const file = before === undefined ? path : realpathSync(path)
  const next = `${file}.new`
  const handle = openNew(next, before === undefined ? 0o640 : statSync(file).mode & 0o777)
  try {
    writeFileSync(handle, after)
    fsyncSync(handle)
    if (textOf(path) !== before) throw new ConfigError([`${path} was changed meanwhile; nothing was written`])
    renameSync(next, file)
  } catch (cause) {
    rmSync(next, { force: true })
    throw cause
  } finally {
    closeSync(handle)
  }
}

/** Of two writers, the second is refused. */
function openNew(path: string, mode: number): number {
  try {
    return openSync(path, 'wx', mode)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
    throw new ConfigError([`${path} exists: another change is under way, or was cut off; remove it if none is`])
  }
}
