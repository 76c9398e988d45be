import type { InterfacePoll } from '../../../../libs/model/src/index.ts'
import { arcAt, type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import { numberOf, type ProfileData } from './profile-data.ts'

/** IEEE8023-LAG-MIB dot3adAggPortAttachedAggID: the aggregate's ifIndex, 0 for none. */
const attachedAggregate = oid('1.2.840.10006.300.43.1.2.1.1.13')
/** IF-MIB ifStackStatus: indexed by the layer above and the one below. */
const ifStackStatus = oid('1.3.6.1.2.1.31.1.2.1.3')
const ieee8023adLag = 161

export const aggregateColumns: readonly Oid[] = [attachedAggregate, ifStackStatus]

/** The aggregate of each member port, by ifIndex; what 802.3ad says, else how ifStackTable layers the interfaces. */
export function readAggregates(data: ProfileData, interfaces: readonly InterfacePoll[]): Map<number, number> {
  const types = new Map(interfaces.map(({ ifIndex, ifType }) => [ifIndex, ifType]))
  const aggregates = new Map<number, number>()
  for (const [index] of data.rows(ifStackStatus)) {
    const [above, below] = [arcAt(index, 0), arcAt(index, 1)]
    if (types.get(above) === ieee8023adLag && below > 0 && types.has(below)) aggregates.set(below, above)
  }
  for (const [index, value] of data.rows(attachedAggregate)) {
    const [port, aggregate] = [arcAt(index, 0), numberOf(value) ?? 0]
    if (aggregate > 0 && aggregate !== port && types.has(aggregate)) aggregates.set(port, aggregate)
  }
  return aggregates
}
