import type { ExporterLive } from '../../../../libs/model/src/index.ts'

export interface ExporterAdvice {
  code:
    | 'active-timeout'
    | 'template-refresh'
    | 'template-missing'
    | 'sampling-unknown'
    | 'loss'
    | 'clock'
    | 'decode-errors'
  text: string
}

/** Promised to clients is an answer within minutes: a flow must be told of while it lasts. */
const activeTimeoutMsGood = 90_000
const templateRefreshMsGood = 300_000
const lossRatioGood = 0.001
const clockSkewMsGood = 5_000

/** How systems are told to cut long flows each minute, by the names that profiles give them; from their manuals. */
const timeoutCommands: Readonly<Record<string, string>> = {
  ios: 'flow monitor NAME / cache timeout active 60 (before Flexible NetFlow: ip flow-cache timeout active 1)',
  iosxe: 'flow monitor NAME / cache timeout active 60',
  iosxr: 'flow monitor-map NAME / cache timeout active 60',
  nxos: 'flow timeout active 60',
  asa: 'flow-export active refresh-interval 1',
  junos: 'set services flow-monitoring version-ipfix template NAME flow-active-timeout 60',
  routeros: '/ip traffic-flow set active-flow-timeout=1m inactive-flow-timeout=15s',
  fortigate: 'config system netflow / set active-flow-timeout 60',
  arista_eos: 'flow tracking hardware / tracker NAME / record export on interval 60000',
  vyos: 'set system flow-accounting netflow timeout max-active-life 60',
  vrp: 'ip netstream timeout active 1',
  comware: 'ip netstream timeout active 1',
  linux: 'softflowd -t maxlife=60 -t general=15',
}

/** What to change on an exporter, worst first, in words for whoever can. `os` is its device's, where it is polled. */
export function exporterAdvice(health: ExporterLive, os: string | undefined): ExporterAdvice[] {
  const advice: ExporterAdvice[] = []
  const say = (code: ExporterAdvice['code'], text: string): void => {
    advice.push({ code, text })
  }
  if (health.heldSets > 0 && health.heldSinceMs !== undefined) {
    say(
      'template-missing',
      `${health.heldSets} data sets wait for their template since ${new Date(Number(health.heldSinceMs)).toISOString()}: ` +
        'have the exporter announce its templates each minute.',
    )
  }
  if (health.samplingRates.includes(0)) {
    say(
      'sampling-unknown',
      'Its records are sampled at a rate that it does not tell, so they count as they come: have it export its sampler ' +
        'table (options), or give the rate as collector.exporters[].samplingRate.',
    )
  }
  if (health.lossRatio !== undefined && health.lossRatio > lossRatioGood) {
    say(
      'loss',
      `${(100 * health.lossRatio).toFixed(2)} % of what it sent did not arrive: look at drops here (kernel ${health.kernelDrops}, ` +
        `rate limit ${health.rateLimitDrops}, buffer ${health.bufferDrops}), then at the path and at the exporter's queue.`,
    )
  }
  if (health.clockSkewMs !== undefined && Math.abs(Number(health.clockSkewMs)) > clockSkewMsGood) {
    const seconds = Number(health.clockSkewMs) / 1_000
    say('clock', `Its clock is ${Math.abs(seconds).toFixed(1)} s ${seconds > 0 ? 'fast' : 'slow'}: have it follow NTP.`)
  }
  if (health.activeTimeoutMs !== undefined && health.activeTimeoutMs > activeTimeoutMsGood) {
    const command = os === undefined ? undefined : timeoutCommands[os]
    say(
      'active-timeout',
      `It cuts long flows after ${Math.round(health.activeTimeoutMs / 1_000)} s, so that traffic is seen up to that much late: ` +
        `set the active timeout to 60 s and the inactive one to 15 s${command ? ` (${command})` : ''}.`,
    )
  }
  if (health.templateRefreshMs !== undefined && health.templateRefreshMs > templateRefreshMsGood) {
    say(
      'template-refresh',
      `It announces templates each ${Math.round(health.templateRefreshMs / 1_000)} s: after a restart of either side its ` +
        'records wait that long. Set the template refresh to 60 s.',
    )
  }
  const errors = Object.entries(health.errors).filter(([, count]) => count > 0n)
  if (errors.length > 0) {
    say(
      'decode-errors',
      `Some of its datagrams do not parse (${errors.map(([code, count]) => `${code} ${count}`).join(', ')}): ` +
        'docs/reference/flow-decoding.md says what each code means.',
    )
  }
  return advice
}
