import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Plain MergeTree writes a block's token to `deduplication_logs/` before it renames the block's part into place. A kill
 * between the two leaves a token without rows, and the replay that should bring the rows is dropped as a duplicate. So,
 * before chdb opens the folder: forget every token whose part is not covered by the block range of a part that is there.
 * @param dataPath chdb's folder
 * @returns the tokens forgotten, as `<table folder>: <part>`
 */
export function repairTokenLogs(dataPath: string): string[] {
  const forgotten: string[] = []
  for (const table of tableFolders(dataPath)) {
    const logs = filesOf(join(table, 'deduplication_logs'))
    if (logs.length === 0) continue
    const parts = partsOf(table)
    for (const log of logs) {
      for (const part of repairLog(join(table, 'deduplication_logs', log), parts)) forgotten.push(`${table}: ${part}`)
    }
  }
  return forgotten
}

interface PartRange {
  partition: string
  minBlock: number
  maxBlock: number
}

/** `store/<3 digits>/<uuid>`, one a table (Atomic database). */
function tableFolders(dataPath: string): string[] {
  const store = join(dataPath, 'store')
  return foldersOf(store).flatMap(prefix => foldersOf(join(store, prefix)).map(uuid => join(store, prefix, uuid)))
}

function partsOf(table: string): PartRange[] {
  return foldersOf(table)
    .map(parsePart)
    .filter(part => part !== undefined)
}

/** `<partition>_<min block>_<max block>_<level>[_<mutation>]`; `tmp_…` and `delete_tmp_…` are no parts yet, or no more. */
function parsePart(name: string): PartRange | undefined {
  if (name.startsWith('tmp') || name.startsWith('delete_tmp')) return undefined
  const match = /^(.+?)_(\d+)_(\d+)_(\d+)(?:_\d+)?$/.exec(name)
  return match ? { partition: match[1]!, minBlock: Number(match[2]), maxBlock: Number(match[3]) } : undefined
}

function repairLog(file: string, parts: readonly PartRange[]): string[] {
  const text = readFileSync(file, 'utf8')
  const forgotten: string[] = []
  // A line without its end was being written when the process died; its part was not yet in place.
  const lines = text.split('\n')
  const torn = lines.pop()
  const kept = lines.filter(line => {
    const [operation, name] = line.split('\t')
    const part = operation === '1' && name ? parsePart(name) : undefined
    if (!part || parts.some(whole => covers(whole, part))) return true
    forgotten.push(name!)
    return false
  })
  if (torn) forgotten.push(torn.split('\t')[1] ?? torn)
  if (forgotten.length > 0) replaceFile(file, kept.map(line => `${line}\n`).join(''))
  return forgotten
}

function covers(whole: PartRange, part: PartRange): boolean {
  return whole.partition === part.partition && whole.minBlock <= part.minBlock && whole.maxBlock >= part.maxBlock
}

function replaceFile(file: string, text: string): void {
  // Beside the folder of logs, where chdb would take it for one.
  const next = join(file, '..', '..', 'deduplication_log.repaired')
  writeFileSync(next, text)
  renameSync(next, file)
}

function foldersOf(folder: string): string[] {
  return entriesOf(folder)
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
}

function filesOf(folder: string): string[] {
  return entriesOf(folder)
    .filter(entry => entry.isFile())
    .map(entry => entry.name)
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw cause
  }
}
