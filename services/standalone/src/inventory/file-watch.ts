import { statSync } from 'node:fs'
import { type Clock, type Component, every, type Timer } from '../../../../libs/kernel/src/index.ts'

/** Looked at by name: programs replace files, and what watches an inode would watch the old one. */
const lookEachMs = 5_000

/** Says when one of some files has become another: written, replaced, come or gone. */
export function fileWatch(files: () => readonly string[], clock: Clock, onChange: () => void): Component {
  let timer: Timer | undefined
  let seen = ''

  function look(): string {
    return files()
      .map(file => {
        const stat = statSync(file, { throwIfNoEntry: false })
        return stat ? `${file} ${stat.mtimeMs} ${stat.size} ${stat.ino}` : `${file} none`
      })
      .join('\n')
  }

  return {
    name: 'file-watch',
    async start() {
      seen = look()
      timer = every(clock, lookEachMs, () => {
        const now = look()
        if (now === seen) return
        seen = now
        onChange()
      })
    },
    async stop() {
      timer?.cancel()
    },
  }
}
