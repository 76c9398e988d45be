import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Advisory, advisoryListSchema } from '../../../../libs/detect/src/index.ts'
import { parseConfig } from '../../../../libs/kernel/src/index.ts'
import { importAdvisories } from '../advisories/read-advisories.ts'
import { type Command, exitCodes, UsageError } from '../command.ts'

/** Lines of what was left out that are printed; the rest is a number. */
const skippedShown = 20

export const advisoriesCommand: Command = {
  summary: "read vendors' advisories and dates of end of life into a list for firmware.advisories",
  usage: `usage: weir advisories import FILE... [options]

Reads CSAF 2.0 documents, CVE records (JSON 5), a product's cycles as endoflife.date lists them, weir.advisories.v1
(YAML or JSON) and its table as CSV, each told by what it looks like, and prints one list in weir.advisories.v1
(docs/reference/firmware.md). Nothing is fetched.

  --os NAME         operating system as device profiles name it, where the file does not say (iosxe, junos, panos ...)
  --vendor NAME     holds entries to this vendor's devices
  --only A,B        keep entries of these operating systems only
  --into FILE       puts the entries into this list, by id and operating system, instead of printing them

Exit: 0 all read, 1 a file or entries could not be read (the rest was), 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        os: { type: 'string' },
        vendor: { type: 'string' },
        only: { type: 'string' },
        into: { type: 'string' },
      },
    })
    const [action, ...files] = positionals
    if (action !== 'import') throw new UsageError(`"${action ?? ''}" is none of: import`)
    if (files.length === 0) throw new UsageError('name a file to import')
    const only = values.only === undefined ? undefined : new Set(values.only.split(','))
    const found: Advisory[] = []
    const skipped: string[] = []
    for (const file of files) {
      try {
        const one = importAdvisories(readFileSync(file, 'utf8'), file, { vendor: values.vendor, os: values.os })
        const kept = one.advisories.filter(({ os }) => !only || only.has(os))
        found.push(...kept)
        skipped.push(...one.skipped.map(text => `${file}: ${text}`))
        io.stderr.write(
          `${file}: ${one.format}, ${kept.length} of ${one.advisories.length + one.skipped.length} entries taken\n`,
        )
      } catch (cause) {
        skipped.push((cause as Error).message)
      }
    }
    for (const text of skipped.slice(0, skippedShown)) io.stderr.write(`left out: ${text}\n`)
    if (skipped.length > skippedShown) io.stderr.write(`left out: ${skipped.length - skippedShown} more\n`)
    const before = values.into !== undefined && existsSync(values.into) ? readList(values.into) : []
    const text = `${JSON.stringify({ schema: 'weir.advisories.v1', advisories: merged(before, found) }, null, 2)}\n`
    if (values.into === undefined) io.stdout.write(text)
    else {
      writeFileSync(`${values.into}.new`, text)
      renameSync(`${values.into}.new`, values.into)
    }
    return skipped.length > 0 ? exitCodes.failed : exitCodes.ok
  },
}

function readList(file: string): Advisory[] {
  return parseConfig(advisoryListSchema, readFileSync(file, 'utf8'), file).advisories
}

/** A newer entry of the same id and operating system takes the place of the older one. */
function merged(before: readonly Advisory[], found: readonly Advisory[]): Advisory[] {
  const byKey = new Map([...before, ...found].map(one => [`${one.os}\n${one.id}`, one]))
  return [...byKey.values()].sort((a, b) => (a.os < b.os ? -1 : a.os > b.os ? 1 : a.id < b.id ? -1 : 1))
}
