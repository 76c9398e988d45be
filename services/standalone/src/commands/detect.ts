import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { judgeValue, newSeries } from '../../../../libs/detect/src/index.ts'
import { type Command, type CommandIo, exitCodes, UsageError } from '../command.ts'
import { csvField, csvFields, csvNumber, timestampMs } from '../detect/series-csv.ts'

export const detectCommand: Command = {
  summary: 'judges the values of a series in a CSV file, one after another',
  usage: `usage: weir detect FILE.csv [options]

Reads a series and writes CSV \`timestamp,value,score,alertScore,alert\`, a row for every row of the file:
score       0..1, how unlike itself the series has been lately
alertScore  0..1, news in this value; said once, then silent unless it is stronger
alert       1 where alertScore passes the one fixed threshold
Every row is judged by the rows before it alone. Rows whose value is no number are passed through unjudged.

  --timestamp NAME    column of the time: ISO 8601 (UTC unless it names a zone), or Unix seconds or milliseconds (timestamp)
  --value NAME        column of the value (value)

Exit: 0 the file was judged, 1 it could not be read, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        timestamp: { type: 'string', default: 'timestamp' },
        value: { type: 'string', default: 'value' },
      },
    })
    const [file, ...more] = positionals
    if (!file || more.length > 0) throw new UsageError('one CSV file is wanted')
    try {
      const unjudged = await judgeFile(file, values.timestamp, values.value, io)
      if (unjudged > 0) io.stderr.write(`weir detect: ${unjudged} rows without a number or a time were not judged\n`)
      return exitCodes.ok
    } catch (error) {
      if (error instanceof UsageError) throw error
      io.stderr.write(`weir detect: ${(error as Error).message}\n`)
      return exitCodes.failed
    }
  },
}

const chunkLength = 65_536

/** Returns the number of rows that could not be judged. */
async function judgeFile(file: string, timeName: string, valueName: string, io: CommandIo): Promise<number> {
  const state = newSeries()
  let columns: { time: number; value: number } | undefined
  let unjudged = 0
  let chunk = 'timestamp,value,score,alertScore,alert\n'
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (io.signal.aborted) throw new Error('interrupted')
    if (columns === undefined) {
      columns = columnsOf(csvFields(line.replace(/^\uFEFF/, '')), timeName, valueName)
      continue
    }
    if (line === '') continue
    const fields = csvFields(line)
    const time = fields[columns.time] ?? ''
    const value = fields[columns.value] ?? ''
    const timeMs = timestampMs(time)
    const number = csvNumber(value)
    if (!Number.isFinite(timeMs) || !Number.isFinite(number)) unjudged++
    const { score, alertScore, alert } = judgeValue(state, timeMs, number)
    chunk += `${csvField(time)},${csvField(value)},${shortened(score)},${shortened(alertScore)},${alert ? 1 : 0}\n`
    if (chunk.length >= chunkLength) {
      await write(io, chunk)
      chunk = ''
    }
  }
  if (columns === undefined) throw new Error(`${file} is empty`)
  await write(io, chunk)
  return unjudged
}

function columnsOf(header: readonly string[], timeName: string, valueName: string): { time: number; value: number } {
  const names = header.map(name => name.trim())
  const missing = [timeName, valueName].filter(name => !names.includes(name))
  if (missing.length > 0) {
    throw new UsageError(
      `no column "${missing.join('", "')}"; the file has "${names.join('", "')}": name them with --timestamp, --value`,
    )
  }
  return { time: names.indexOf(timeName), value: names.indexOf(valueName) }
}

/** Seven significant digits order any two scores that differ in practice. */
function shortened(score: number): string {
  return String(Number(score.toPrecision(7)))
}

async function write(io: CommandIo, text: string): Promise<void> {
  if (!io.stdout.write(text)) await once(io.stdout, 'drain')
}
