import { parseArgs } from 'node:util'
import { systemClock, systemRandom } from '../../../../libs/kernel/src/index.ts'
import type { DeviceForm } from '../../../../libs/model/src/index.ts'
import { pollOnce } from '../../../snmp-poller/src/index.ts'
import { type Command, exitCodes } from '../command.ts'
import { snmpTarget, targetOptions, targetUsage } from './snmp-target.ts'
import { textTable } from './text-table.ts'

export const pollCommand: Command = {
  summary: 'asks one device by SNMP and prints what it is',
  usage: `usage: weir poll ADDRESS [--json] [options]

Polls the device once, as the poller does, and prints its system, interfaces, sensors, processors, memory, disks,
routing peers, neighbours and parts.

  --json              the form "weir.device.v1", one JSON object
  --budget MS         cut the poll after this long (120000)
  --profiles FOLDER   with profiles of your own, before Weir's; may be given again
${targetUsage}

Exit: 0 the device answered, 1 it did not, 2 usage.`,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...targetOptions,
        json: { type: 'boolean' },
        budget: { type: 'string' },
        profiles: { type: 'string', multiple: true },
      },
    })
    const target = await snmpTarget(positionals[0], values, io.env)
    const { reachable, form } = await pollOnce(target, {
      clock: systemClock,
      random: systemRandom,
      budgetMs: Number(values.budget) || 120_000,
      signal: io.signal,
      ...(values.profiles ? { profileFolders: values.profiles } : {}),
    })
    if (values.json || reachable) io.stdout.write(values.json ? `${JSON.stringify(form, null, 2)}\n` : describe(form))
    for (const { code, oid, detail } of form.poll.errors) {
      io.stderr.write(`weir poll: ${code}${oid ? ` at ${oid}` : ''}${detail ? `: ${detail}` : ''}\n`)
    }
    return reachable ? exitCodes.ok : exitCodes.failed
  },
}

function describe(form: DeviceForm): string {
  const { system } = form
  const identity = [system.vendor, system.os, system.version, system.hardware].filter(Boolean).join(' ')
  const lines = [
    `${system.sysName ?? '(no name)'}  ${identity || (system.sysDescr ?? '')}`,
    [
      system.serial && `serial ${system.serial}`,
      system.location && `at ${system.location}`,
      system.uptimeSeconds !== null && `up ${duration(system.uptimeSeconds)}`,
    ]
      .filter(Boolean)
      .join(', '),
    '',
    ...textTable([
      ['ifIndex', 'ifName', 'oper', 'Mb/s', 'in octets', 'out octets', 'in errors', 'ifAlias'],
      ...form.interfaces.map(row => [
        String(row.ifIndex),
        row.ifName,
        row.operStatus,
        row.ifHighSpeed === null ? '-' : String(row.ifHighSpeed),
        row.counters.ifHCInOctets ?? row.counters.ifInOctets ?? '-',
        row.counters.ifHCOutOctets ?? row.counters.ifOutOctets ?? '-',
        row.counters.ifInErrors ?? '-',
        row.ifAlias,
      ]),
    ]),
    ...section('sensors', form.sensors, one => [
      one.name,
      one.state ?? (one.value === null ? '-' : `${one.value} ${one.unit}`),
    ]),
    ...section('processors', form.processors, one => [
      one.name,
      one.utilisationPercent === null ? '-' : `${one.utilisationPercent} %`,
    ]),
    ...section('memory', form.memoryPools, one => [one.name, share(one.usedBytes, one.totalBytes)]),
    ...section('storage', form.storages, one => [one.name, share(one.usedBytes, one.totalBytes)]),
    ...section('disks', form.disks, one => [one.name, one.state ?? '-', one.model ?? '']),
    ...section('peers', form.peers, one => [
      one.protocol,
      one.address,
      one.remoteAs === null ? '' : `AS${one.remoteAs}`,
      one.state,
    ]),
    ...section('neighbours', form.neighbours, one => [
      one.localIfName ?? '-',
      one.remoteSysName ?? '-',
      one.remotePort ?? '-',
    ]),
    '',
    `${form.interfaces.length} interfaces, ${form.poll.pdus} requests in ${form.poll.durationMs} ms`,
  ]
  return `${lines.join('\n')}\n`
}

function section<T>(title: string, items: readonly T[], row: (item: T) => string[]): string[] {
  return items.length === 0 ? [] : ['', `${title}:`, ...textTable(items.map(item => ['', ...row(item)]))]
}

function share(used: string | null, total: string | null): string {
  if (used === null || total === null || total === '0') return '-'
  return `${Math.round((100 * Number(used)) / Number(total))} % of ${Math.round(Number(total) / 2 ** 20)} MiB`
}

function duration(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const hours = Math.floor((seconds % 86_400) / 3_600)
  return days > 0 ? `${days} d ${hours} h` : `${hours} h ${Math.floor((seconds % 3_600) / 60)} min`
}
