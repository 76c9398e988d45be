import { type Finding, fail, ok, warn } from './finding.ts'

const timeoutMs = 5_000
const lagRecordsGood = 100_000

/** Whether a process answers on its status address, is ready, and loses nothing. */
export async function checkProcess(statusAddress: string): Promise<Finding[]> {
  let ready: Response
  let metrics: string
  try {
    ready = await get(`${statusAddress}/-/ready`)
    metrics = await (await get(`${statusAddress}/metrics`)).text()
  } catch {
    return [fail('process', `nothing answers at ${statusAddress}`, 'start it (weir all), or look at status.port')]
  }
  const said = (await ready.text()).trim()
  const first = ready.ok
    ? ok('process', `${statusAddress} is ready`)
    : fail('process', `${statusAddress}: ${said}`, 'its log says more')
  return [first, ...checkMetrics(metrics)]
}

/** @param text of a metrics page */
export function checkMetrics(text: string): Finding[] {
  const findings: Finding[] = []
  for (const [labels, value] of samples(text, 'weir_collector_dropped_datagrams_total')) {
    const reason = /reason="([^"]*)"/.exec(labels)?.[1] ?? ''
    // What unknown exporters send is not lost but not wanted, and is told of elsewhere.
    if (value === 0 || reason === 'unknown-exporter' || reason === 'rejected-exporter') continue
    findings.push(
      warn(
        'drops',
        `${value} datagrams were dropped: ${reason}`,
        dropFixes[reason] ?? 'the log of the collector says more',
      ),
    )
  }
  const lag = samples(text, 'weir_processor_lag_records').reduce((sum, [, value]) => sum + value, 0)
  if (lag > lagRecordsGood) {
    findings.push(
      warn(
        'lag',
        `the processor is ${lag} records behind`,
        'give it another process, or a faster store: docs/how-to/run-on-kafka-and-clickhouse.md',
      ),
    )
  }
  if (samples(text, 'weir_config_last_reload_successful').some(([, value]) => value === 0)) {
    findings.push(warn('reload', 'the configuration on disk was refused; the one before goes on', 'weir config check'))
  }
  if (findings.length === 0) findings.push(ok('losses', 'no datagram was dropped, and the processor keeps up'))
  return findings
}

const dropFixes: Readonly<Record<string, string>> = {
  kernel: 'raise net.core.rmem_max and collector.receiveBufferBytes',
  'too-many-exporters': 'raise collector.exportersMax, or look for spoofed sources',
  'rate-limit': 'an exporter floods, or collector.exporterDatagramsPerSecondMax is too low',
  'buffer-full': 'the bus was away or slow: look at it, or raise collector.bufferBytesMax',
}

function samples(text: string, name: string): [labels: string, value: number][] {
  return [...text.matchAll(new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`, 'gm'))].map(([, labels = '', value]) => [
    labels,
    Number(value),
  ])
}

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
}
