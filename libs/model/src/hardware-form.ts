import type { DeviceForm, SensorClass } from './device-form.ts'
import type { HardwarePoll, PoolReading, SensorReading } from './proto/weir/v1/polls_pb.ts'

export type HardwareForm = Pick<
  DeviceForm,
  'sensors' | 'processors' | 'memoryPools' | 'storages' | 'disks' | 'peers' | 'tunnels' | 'neighbours' | 'entities'
>

export const sensorUnits: Readonly<Record<SensorClass, string>> = {
  temperature: '°C',
  voltage: 'V',
  current: 'A',
  power: 'W',
  dbm: 'dBm',
  fanspeed: 'rpm',
  humidity: '%',
  frequency: 'Hz',
  load: '%',
  percent: '%',
  charge: '%',
  runtime: 'min',
  state: '',
  count: '',
  snr: 'dB',
  ber: '',
  airflow: 'CFM',
}

/** What profiles read, in the form of `weir.device.v1`; empty lists of a device whose hardware was not read. */
export function hardwareForm(hardware: HardwarePoll | undefined): HardwareForm {
  return {
    sensors: (hardware?.sensors ?? []).map(sensorForm),
    processors: (hardware?.processors ?? []).map(({ id, name, utilisationPercent }) => ({
      id,
      name,
      utilisationPercent: utilisationPercent ?? null,
    })),
    memoryPools: (hardware?.memoryPools ?? []).map(poolForm),
    storages: (hardware?.storages ?? []).map(poolForm),
    disks: (hardware?.disks ?? []).map(({ id, name, state, model, serial }) => ({
      id,
      name,
      state: state || null,
      model: model || null,
      serial: serial || null,
    })),
    peers: (hardware?.peers ?? []).map(({ protocol, address, remoteAs, state, establishedSeconds }) => ({
      protocol,
      address,
      remoteAs: remoteAs ?? null,
      state,
      establishedSeconds: establishedSeconds ?? null,
    })),
    tunnels: (hardware?.tunnels ?? []).map(({ id, protocol, name, remoteAddress, state }) => ({
      id,
      protocol,
      name,
      remoteAddress: remoteAddress || null,
      state,
    })),
    neighbours: (hardware?.neighbours ?? []).map(({ localIfName, protocol, remoteSysName, remotePort }) => ({
      localIfName: localIfName || null,
      protocol,
      remoteSysName: remoteSysName || null,
      remotePort: remotePort || null,
    })),
    entities: (hardware?.entities ?? []).map(entity => ({
      id: entity.id,
      parentId: entity.parentId || null,
      class: entity.class,
      name: entity.name,
      descr: entity.descr,
      model: entity.model || null,
      serial: entity.serial || null,
      hardwareRevision: entity.hardwareRevision || null,
      firmwareRevision: entity.firmwareRevision || null,
      softwareRevision: entity.softwareRevision || null,
    })),
  }
}

export function sensorForm(sensor: SensorReading): DeviceForm['sensors'][number] {
  return {
    id: sensor.id,
    class: sensor.class as SensorClass,
    name: sensor.name,
    value: sensor.value ?? null,
    unit: sensorUnits[sensor.class as SensorClass] ?? '',
    ...(sensor.state === '' ? {} : { state: sensor.state }),
    limits: {
      lowCritical: sensor.lowCritical ?? null,
      lowWarning: sensor.lowWarning ?? null,
      highWarning: sensor.highWarning ?? null,
      highCritical: sensor.highCritical ?? null,
    },
    ...(sensor.ifIndex === undefined ? {} : { ifIndex: sensor.ifIndex }),
  }
}

function poolForm({ id, name, usedBytes, totalBytes }: PoolReading): DeviceForm['storages'][number] {
  return {
    id,
    name,
    usedBytes: usedBytes === undefined ? null : String(usedBytes),
    totalBytes: totalBytes === undefined ? null : String(totalBytes),
  }
}
