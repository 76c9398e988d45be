import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSensorSeries } from '../src/index.ts'
import { embeddedStoreInTemporaryFolder } from './embedded-under-test.ts'
import { blockOf } from './sample-blocks.ts'

const fromMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 7_200_000

describe('history of sensors', () => {
  const { store, remove } = embeddedStoreInTemporaryFolder()
  beforeAll(async () => {
    await store.start()
    const readings = [40, 44, 60].map((value, i) => ({
      ...{ tenant_id: 'acme', device_id: 'r1', sensor_id: '1.2.3', readings: 1n },
      window_start: fromMs / 1_000 + (i < 2 ? 0 : 900),
      ...{ value_sum: value, value_min: value, value_max: value },
    }))
    await store.insert('sensor_5m', blockOf('sensor_5m', readings), 's1')
  })
  afterAll(async () => {
    await store.stop()
    await remove()
  })

  it('is the mean, least and greatest of each step, of the tenants asked for only', async () => {
    const query = { fromMs, toMs: fromMs + 3_600_000, deviceId: 'r1', sensorIds: ['1.2.3'], stepSeconds: 300 }
    expect(await readSensorSeries(store, { ...query, tenants: ['acme'] })).toEqual([
      {
        sensorId: '1.2.3',
        points: [
          { at: new Date(fromMs).toISOString(), mean: 42, min: 40, max: 44, readings: 2, windows: 1 },
          { at: new Date(fromMs + 900_000).toISOString(), mean: 60, min: 60, max: 60, readings: 1, windows: 1 },
        ],
      },
    ])
    expect(await readSensorSeries(store, { ...query, tenants: ['zeta'] })).toEqual([{ sensorId: '1.2.3', points: [] }])
  })
})
