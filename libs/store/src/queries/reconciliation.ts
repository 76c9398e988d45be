import type { Store } from '../store.ts'
import { StoreError } from '../store.ts'
import { limitOf, optionsOf, type QueryLimits } from './query-limits.ts'
import { findingOf, type ReconciliationFinding } from './reconciliation-finding.ts'
import { type TenantScope, tenantPredicate } from './tenant-scope.ts'
import { checkRange, isoTime, type TimeRange } from './time-windows.ts'

export interface ReconciliationQuery extends TimeRange {
  tenants: TenantScope
}

/** One interface and hour: what its counters say, and what of it the flows of the same device explain. */
export interface ReconciledInterface {
  tenantId: string
  deviceId: string
  interfaceId: string
  ifIndex: number
  /** The one exporter that sends from the device's address, or several joined by a space; '' where none does. */
  exporterId: string
  /** Start of the hour, ISO 8601 UTC. */
  hour: string
  /** Whole minutes of the hour that lie between usable polls; only these are compared. */
  minutes: number
  /** Exact, as decimal strings. Flows are scaled by their sampling rate, and count 18 octets a packet for Ethernet. */
  in: ReconciledSide
  out: ReconciledSide
  /** Rate that the exporter announced: scaled octets over exported ones; null without flows. */
  samplingRate: number | null
  finding: ReconciliationFinding
}

export interface ReconciledSide {
  counterOctets: string
  flowOctets: string
  /** Of them, those that the exporter saw as they left: RFC 5102's flowDirection is egress. */
  egressFlowOctets: string
  /** Flow octets over counter octets; null where the counters stood still. */
  ratio: number | null
}

type Row = Record<string, string | number>

/** Minutes are compared, and those are kept for two weeks. */
const rangeMaxMs = 14 * 86_400_000
/** Header and frame check of Ethernet: counters have them (RFC 2863), NetFlow's and IPFIX's octets do not. */
const ethernetOctets = 18
const versionOfSflow = 105

/**
 * Joins flow rollups with counters, minute by minute, through the address that exporter and device share. Flows that
 * are still in an exporter's cache would pass for loss: end the range a few minutes ago. Devices that exported nothing
 * in the range are left out: most never do, and an exporter's silence has an alarm of its own.
 */
export async function readReconciliation(
  store: Store,
  query: ReconciliationQuery,
  limits: QueryLimits = {},
): Promise<ReconciledInterface[]> {
  checkRange(query)
  if (query.toMs - query.fromMs > rangeMaxMs) {
    throw new StoreError('store-rejected', 'flows and counters are compared over 14 days at most')
  }
  const limit = limitOf(limits, 10_000)
  const where = tenantPredicate(query.tenants)
  const window = "window_start >= toDateTime({from:UInt32}, 'UTC') AND window_start < toDateTime({to:UInt32}, 'UTC')"
  const sides = ['in', 'out'] as const
  const sum = (expression: string, side: 'in' | 'out') => `sumIf(${expression}, s.side = ${sides.indexOf(side)})`
  const rows = await store.query<Row>(
    `WITH device AS (
       SELECT tenant_id, device_id, argMax(address, rev) AS address FROM devices WHERE ${where.sql} GROUP BY tenant_id, device_id
     ), interface AS (
       SELECT tenant_id, device_id, interface_id, argMax(if_index, rev) AS if_index FROM interfaces WHERE ${where.sql}
       GROUP BY tenant_id, device_id, interface_id
     ), counted AS (
       SELECT tenant_id, device_id, interface_id, window_start, sum(in_octets) AS in_octets, sum(out_octets) AS out_octets
       FROM interface_1m WHERE ${where.sql} AND ${window}
       GROUP BY tenant_id, device_id, interface_id, window_start HAVING sum(observed_ms) >= 60000
     ), sampler AS (
       SELECT concat(tenant_id, '/', collector_id, '/', exporter) AS exporter_id, max(protocol_version) = ${versionOfSflow} AS frames
       FROM flows WHERE ${where.sql} AND received_at >= toDateTime({from:UInt32}, 'UTC') GROUP BY exporter_id
     ), seen AS (
       SELECT f.tenant_id AS tenant_id, f.exporter_id AS exporter_id, f.window_start AS window_start, s.1 AS if_index, s.2 AS side,
              sum(f.octets) AS flow_octets, sum(f.packets) AS flow_packets, sumIf(f.octets, f.direction = 2) AS egress_octets,
              sumIf(f.packets, f.direction = 2) AS egress_packets, sum(f.octets_exported) AS exported
       FROM flow_1m AS f ARRAY JOIN [(f.input_interface, 0), (f.output_interface, 1)] AS s
       WHERE ${where.sql.replaceAll('tenant_id', 'f.tenant_id')} AND ${window.replaceAll('window_start', 'f.window_start')}
       GROUP BY tenant_id, exporter_id, window_start, if_index, side
     ), explained AS (
       SELECT s.tenant_id AS tenant_id, substring(s.exporter_id, position(s.exporter_id, '/', length(s.tenant_id) + 2) + 1) AS address,
              s.if_index AS if_index, s.window_start AS window_start,
              arrayStringConcat(arraySort(groupUniqArray(s.exporter_id)), ' ') AS exporters,
              ${sides
                .map(
                  side => `${sum(`s.flow_octets + if(p.frames = 1, 0, ${ethernetOctets} * s.flow_packets)`, side)} AS flow_${side},
              ${sum(`s.egress_octets + if(p.frames = 1, 0, ${ethernetOctets} * s.egress_packets)`, side)} AS egress_${side}`,
                )
                .join(',\n              ')},
              sum(s.flow_octets) AS scaled, sum(s.exported) AS exported
       FROM seen AS s LEFT JOIN sampler AS p ON p.exporter_id = s.exporter_id
       GROUP BY tenant_id, address, if_index, window_start
     )
     SELECT c.tenant_id AS tenantId, c.device_id AS deviceId, c.interface_id AS interfaceId, any(i.if_index) AS ifIndex,
            max(e.exporters) AS exporterId, toUnixTimestamp(toStartOfHour(c.window_start)) AS hour, count() AS minutes,
            sum(c.in_octets) AS counterIn, sum(c.out_octets) AS counterOut, sum(e.flow_in) AS flowIn, sum(e.flow_out) AS flowOut,
            sum(e.egress_in) AS egressIn, sum(e.egress_out) AS egressOut, sum(e.scaled) AS scaled, sum(e.exported) AS exported
     FROM counted AS c
     JOIN interface AS i ON i.tenant_id = c.tenant_id AND i.device_id = c.device_id AND i.interface_id = c.interface_id
     JOIN device AS d ON d.tenant_id = c.tenant_id AND d.device_id = c.device_id
     LEFT JOIN explained AS e ON e.tenant_id = c.tenant_id AND e.address = d.address AND e.if_index = i.if_index AND e.window_start = c.window_start
     WHERE (d.tenant_id, d.address) IN (SELECT tenant_id, address FROM explained)
     GROUP BY tenantId, deviceId, interfaceId, hour ORDER BY hour DESC, tenantId, deviceId, interfaceId LIMIT {limit:UInt32}`,
    {
      ...where.params,
      from: Math.floor(query.fromMs / 60_000) * 60,
      to: Math.floor(query.toMs / 60_000) * 60,
      limit,
    },
    optionsOf(limits, limit),
  )
  return rows.map(reconciled)
}

function reconciled(row: Row): ReconciledInterface {
  const side = (name: 'In' | 'Out'): ReconciledSide => {
    const counter = Number(row[`counter${name}`])
    return {
      counterOctets: String(row[`counter${name}`]),
      flowOctets: String(row[`flow${name}`]),
      egressFlowOctets: String(row[`egress${name}`]),
      ratio: counter > 0 ? Number(row[`flow${name}`]) / counter : null,
    }
  }
  const exported = Number(row.exported)
  const compared = {
    in: side('In'),
    out: side('Out'),
    samplingRate: exported > 0 ? Number(row.scaled) / exported : null,
  }
  return {
    tenantId: String(row.tenantId),
    deviceId: String(row.deviceId),
    interfaceId: String(row.interfaceId),
    ifIndex: Number(row.ifIndex),
    exporterId: String(row.exporterId),
    hour: isoTime(Number(row.hour)),
    minutes: Number(row.minutes),
    ...compared,
    finding: findingOf(compared),
  }
}
