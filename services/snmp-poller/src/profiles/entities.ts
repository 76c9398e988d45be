import { create } from '@bufbuild/protobuf'
import { type EntityReading, EntityReadingSchema } from '../../../../libs/model/src/index.ts'
import { compareOids, formatOid, type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import { commonColumns } from './profile.ts'
import { numberOf, type ProfileData, textOf } from './profile-data.ts'

/** PhysicalClass (RFC 6933) by number. */
const classes = [
  'unknown',
  'other',
  'unknown',
  'chassis',
  'backplane',
  'container',
  'powerSupply',
  'fan',
  'sensor',
  'module',
  'port',
  'stack',
  'cpu',
  'energyObject',
  'battery',
  'storageDrive',
]

export const entityColumns: readonly Oid[] = Object.entries(commonColumns)
  .filter(([name]) => name.startsWith('entPhysical'))
  .map(([, text]) => oid(text))

/** Rows of entPhysicalTable. */
export function readEntities(data: ProfileData): EntityReading[] {
  const indexes = new Set(entityColumns.flatMap(column => [...data.rows(column).keys()]))
  return [...indexes].sort(compareOids).map(index => {
    const text = (name: string): string => textOf(data.cell(at(name), index))
    const parent = numberOf(data.cell(at('entPhysicalContainedIn'), index)) ?? 0
    return create(EntityReadingSchema, {
      id: formatOid(index),
      parentId: parent > 0 ? String(parent) : '',
      class: classes[numberOf(data.cell(at('entPhysicalClass'), index)) ?? 0] ?? 'unknown',
      name: text('entPhysicalName'),
      descr: text('entPhysicalDescr'),
      model: text('entPhysicalModelName'),
      serial: text('entPhysicalSerialNum'),
      hardwareRevision: text('entPhysicalHardwareRev'),
      firmwareRevision: text('entPhysicalFirmwareRev'),
      softwareRevision: text('entPhysicalSoftwareRev'),
    })
  })
}

/** The box itself: the topmost chassis, or the stack's first one; a box of one module may call itself that. */
export function mainEntity(entities: readonly EntityReading[]): EntityReading | undefined {
  const top = entities.find(entity => entity.parentId === '' && entity.serial !== '')
  if (top && (top.class === 'chassis' || top.class === 'stack')) return top
  for (const wanted of ['chassis', 'stack', 'module']) {
    const found = entities.filter(entity => entity.class === wanted)
    const named = found.find(entity => entity.serial !== '') ?? found.find(entity => entity.model !== '')
    if (named) return named
  }
  return entities.find(entity => entity.serial !== '') ?? entities[0]
}

function at(name: string): Oid {
  return oid(commonColumns[name]!)
}
