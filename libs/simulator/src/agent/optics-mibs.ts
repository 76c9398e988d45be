import { appendArcs, oid, type SnmpValue } from '../../../snmp/src/index.ts'
import type { NetworkModel } from '../model/network-model.ts'
import { hasOptic, type OpticalReading, opticalLimits, opticalReading } from '../model/optics.ts'
import type { SimulatedDevice, SimulatedPort } from '../model/topology.ts'
import { cell, type MibCell, scalar } from './mib-view.ts'
import { gauge32, integer, objectId, text } from './snmp-values.ts'

/** Diagnostics of transceivers, in the MIB that the vendor has them in. */
export function opticsCells(model: NetworkModel, device: SimulatedDevice, timeMs: number): MibCell[] {
  const ports = device.ports.filter(hasOptic)
  const ifIndex = (port: SimulatedPort): number => model.life(device).ifIndex(port, timeMs)
  switch (device.family.vendor) {
    case 'Juniper':
      return [...juniperBoxCells(device), ...ports.flatMap(port => juniperCells(model, port, ifIndex(port)))]
    case 'Arista':
      return ports.flatMap(port => entityCells(model, port, ifIndex(port)))
    default:
      return []
  }
}

const hundredths = (value: number): number => Math.round(100 * value)
const thousandths = (value: number): number => Math.round(1_000 * value)

function juniperBoxCells({ family, serial }: SimulatedDevice): MibCell[] {
  return [
    scalar('1.3.6.1.4.1.2636.3.1.2.0', () => text(`Juniper ${family.model.toUpperCase()}`)),
    scalar('1.3.6.1.4.1.2636.3.1.3.0', () => text(serial)),
  ]
}

/** jnxDomCurrentEntry (JUNIPER-DOM-MIB): hundredths of dBm, microamperes, degrees; each value's four limits follow. */
function juniperCells(model: NetworkModel, port: SimulatedPort, ifIndex: number): MibCell[] {
  const jnxDomCurrentEntry = oid('1.3.6.1.4.1.2636.3.60.1.1.1.1')
  const column = (number: number, read: (timeMs: number) => SnmpValue): MibCell =>
    cell(appendArcs(jnxDomCurrentEntry, number), [ifIndex], read)
  const values: readonly (readonly [name: keyof OpticalReading, scale: (value: number) => number])[] = [
    ['rxDbm', hundredths],
    ['biasMilliamps', thousandths],
    ['txDbm', hundredths],
    ['celsius', Math.round],
  ]
  return values.flatMap(([name, scale], i) => {
    const { highAlarm, lowAlarm, highWarning, lowWarning } = opticalLimits[name]
    return [
      column(5 + i, timeMs => integer(scale(opticalReading(model, port, timeMs)[name]))),
      ...[highAlarm, lowAlarm, highWarning, lowWarning].map((limit, k) =>
        column(9 + 4 * i + k, () => integer(scale(limit))),
      ),
    ]
  })
}

/** EntitySensorDataType (RFC 3433), which knows no dBm: light is told in watts. */
const sensorTypes = { watts: 6, celsius: 8, amperes: 5 } as const
/** EntitySensorDataScale: thousandths, and ones. */
const scales = { milli: 8, units: 9 } as const

const milliwatts = (dbm: number): number => 10 ** (dbm / 10)

/** Rows of entPhysicalTable and entPhySensorTable, tied to their port by entAliasMappingTable (RFC 6933). */
function entityCells(model: NetworkModel, port: SimulatedPort, ifIndex: number): MibCell[] {
  const chassis = 1
  const module = 100_000 + 10 * port.position
  const { milli, units } = scales
  const sensors = [
    {
      name: 'RX Power',
      type: sensorTypes.watts,
      scale: milli,
      digits: 4,
      units: 'Watts',
      read: (one: OpticalReading) => milliwatts(one.rxDbm),
    },
    {
      name: 'TX Power',
      type: sensorTypes.watts,
      scale: milli,
      digits: 4,
      units: 'Watts',
      read: (one: OpticalReading) => milliwatts(one.txDbm),
    },
    {
      name: 'Temperature',
      type: sensorTypes.celsius,
      scale: units,
      digits: 1,
      units: 'Celsius',
      read: (one: OpticalReading) => one.celsius,
    },
    {
      name: 'TX Bias',
      type: sensorTypes.amperes,
      scale: milli,
      digits: 2,
      units: 'Amperes',
      read: (one: OpticalReading) => one.biasMilliamps,
    },
  ]
  const entAliasMappingIdentifier = oid('1.3.6.1.2.1.47.1.3.2.1.2')
  const ifIndexColumn = oid('1.3.6.1.2.1.2.2.1.1')
  return [
    ...physicalCells(module, chassis, 10, `${port.ifName}`),
    cell(entAliasMappingIdentifier, [module, 0], () => objectId(appendArcs(ifIndexColumn, ifIndex))),
    ...sensors.flatMap((sensor, i) => {
      const number = module + 1 + i
      const entPhySensorEntry = oid('1.3.6.1.2.1.99.1.1.1')
      const column = (columnNumber: number, value: (timeMs: number) => SnmpValue): MibCell =>
        cell(appendArcs(entPhySensorEntry, columnNumber), [number], value)
      const value = (timeMs: number): number => sensor.read(opticalReading(model, port, timeMs)) * 10 ** sensor.digits
      return [
        ...physicalCells(number, module, 8, `DOM ${sensor.name} Sensor for ${port.ifName}`),
        column(1, () => integer(sensor.type)),
        column(2, () => integer(sensor.scale)),
        column(3, () => integer(sensor.digits)),
        column(4, timeMs => integer(Math.round(value(timeMs)))),
        column(5, () => integer(1)),
        column(6, () => text(sensor.units)),
        column(8, () => gauge32(30_000)),
      ]
    }),
  ]
}

/** entPhysicalDescr, -ContainedIn, -Class, -ParentRelPos and -Name of a part. */
function physicalCells(number: number, containedIn: number, physicalClass: number, name: string): MibCell[] {
  const entPhysicalEntry = oid('1.3.6.1.2.1.47.1.1.1.1')
  const columns: readonly (readonly [number, SnmpValue])[] = [
    [2, text(name)],
    [4, integer(containedIn)],
    [5, integer(physicalClass)],
    [6, integer(number % 10)],
    [7, text(name)],
  ]
  return columns.map(([column, value]) => cell(appendArcs(entPhysicalEntry, column), [number], () => value))
}
