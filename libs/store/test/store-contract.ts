import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ColumnType, type Store, StoreError, type TableName, tables } from '../src/index.ts'
import { blockOf, ipv4Mapped, type SampleRow } from './sample-blocks.ts'

export interface StoreUnderTest {
  store: Store
  /** Removes what the store left behind; called after its `stop`. */
  remove(): Promise<void> | void
}

/** A minute of today, so that no retention touches it, and a multiple of a day for whole windows. */
const day = Math.floor(Date.now() / 86_400_000) * 86_400
let testNumber = 0
/** Rows of each test carry their own tenant, so that tests share tables. */
const newTenant = () => `contract-${++testNumber}`

const levels = ['1m', '5m', '1h', '1d'] as const

/** What `Store` promises, held against one adapter. */
export function describeStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  // Generous, because the machine may be busy with other suites.
  describe(`${name}: store contract`, { timeout: 120_000 }, () => {
    let under: StoreUnderTest
    let store: Store
    beforeAll(async () => {
      under = await makeStore()
      store = under.store
      await store.start()
    })
    afterAll(async () => {
      await store.stop()
      await under.remove()
    })

    it('has every declared table with the declared columns', async () => {
      const rows = await store.query<{ table: string; name: string; type: string }>(
        'SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position',
      )
      for (const [table, columns] of Object.entries(tables)) {
        const found = Object.fromEntries(rows.filter(row => row.table === table).map(row => [row.name, row.type]))
        const wrong = Object.entries(columns).filter(([column, type]) => !accepts(found[column], type))
        expect({ table, wrong }).toEqual({ table, wrong: [] })
        expect(Object.keys(found)).toEqual(Object.keys(columns))
      }
    })

    it('gives every table and every view target a deduplication window', async () => {
      const rows = await store.query<{ name: string; engine: string; engine_full: string }>(
        `SELECT name, engine, engine_full FROM system.tables
         WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migrations'`,
      )
      expect(rows.length).toBeGreaterThanOrEqual(14)
      const without = rows.filter(row => !/deduplication_window = \d{4,}/.test(row.engine_full))
      expect(without).toEqual([])
    })

    it('brings every type back exactly', async () => {
      const tenant = newTenant()
      const row = {
        tenant_id: tenant,
        collector_id: 'quote\'s \\ tab\t "é" 漢字 🛰',
        exporter: '',
        received_at: day * 1000 + 123,
        started_at: day * 1000 + 0.9,
        ended_at: day * 1000 + 999,
        protocol_version: 255,
        source_address: ipv4Mapped(192, 0, 2, 1),
        destination_address: Uint8Array.from([0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 1]),
        source_port: 65_535,
        input_interface: 4_294_967_295,
        octets: 18_446_744_073_709_551_615n,
        packets: 9_223_372_036_854_775_808n,
      }
      await store.insert('flows', blockOf('flows', [row]), `${tenant}/types`)
      const found = await store.query('SELECT * FROM flows WHERE tenant_id = {tenant:String}', { tenant })
      expect(found).toMatchObject([
        {
          collector_id: row.collector_id,
          exporter: '',
          received_at: `${isoDay()} 00:00:00.123`,
          started_at: `${isoDay()} 00:00:00.000`,
          protocol_version: 255,
          source_address: '::ffff:192.0.2.1',
          destination_address: '2001:db8::1',
          next_hop: '::',
          source_port: 65_535,
          input_interface: 4_294_967_295,
          octets: '18446744073709551615',
          packets: '9223372036854775808',
        },
      ])
    })

    it('fills in what a block leaves out: 0 where it says nothing, else what no exporter sends', async () => {
      const tenant = newTenant()
      const row = { tenant_id: tenant, received_at: day * 1000 }
      const given = {
        source_mac: 0x0200_5e00_5301n,
        customer_vlan: 300,
        ingress_vrf: 0,
        icmp_type_code: 0,
        post_nat_source_address: ipv4Mapped(198, 51, 100, 7),
        as_path: '64500 64501',
      }
      await store.insert('flows', blockOf('flows', [row]), `${tenant}/none`)
      await store.insert('flows', blockOf('flows', [{ ...row, ...given }]), `${tenant}/some`)
      const shown = Object.keys(given).join(', ')
      const sql = `SELECT ${shown}, egress_vrf, mpls_label_1, bgp_next_hop FROM flows WHERE tenant_id = {tenant:String} ORDER BY source_mac`
      const rest = { egress_vrf: 4_294_967_295, mpls_label_1: 0, bgp_next_hop: '::' }
      expect(await store.query(sql, { tenant })).toEqual([
        {
          source_mac: '0',
          customer_vlan: 0,
          ingress_vrf: 4_294_967_295,
          icmp_type_code: 65_535,
          post_nat_source_address: '::',
          as_path: '',
          ...rest,
        },
        { ...given, source_mac: String(given.source_mac), post_nat_source_address: '::ffff:198.51.100.7', ...rest },
      ])
    })

    it('inserts into every table', async () => {
      for (const table of Object.keys(tables) as TableName[]) {
        const atMs = day * 1000
        // Rows of 1970 would be past every retention.
        const times = { received_at: atMs, window_start: day, event_time: atMs, last_stamp: atMs, seen_at: atMs }
        // SummingMergeTree drops a row whose sums are all 0, so something must be counted.
        const sums = { octets: 1n, in_octets: 1n }
        await store.insert(table, blockOf(table, [{ ...times, ...sums }]), `${newTenant()}/every/${table}`)
        const [row] = await store.query<{ rows: string }>(`SELECT count() AS rows FROM ${table}`)
        expect({ table, some: Number(row?.rows) > 0 }).toEqual({ table, some: true })
      }
    })

    it('takes a token once, in SummingMergeTree and its chain of views', async () => {
      const tenant = newTenant()
      const rows: SampleRow[] = Array.from({ length: 600 }, (_, i) => ({
        window_start: day + i * 60,
        tenant_id: tenant,
        exporter_id: `${tenant}/c/192.0.2.${i % 7}`,
        protocol: 6,
        octets: BigInt(i) * 1_000n,
        packets: BigInt(i),
        records: 1n,
      }))
      const block = blockOf('flow_1m', rows)
      for (let replay = 0; replay < 3; replay++) await store.insert('flow_1m', block, `${tenant}/a`)
      await store.insert('flow_1m', block, `${tenant}/b`)
      const octets = String(rows.reduce((sum, row) => sum + (row.octets as bigint), 0n) * 2n)
      for (const level of levels) {
        const totals = await store.query(
          `SELECT sum(octets) AS octets, sum(records) AS records FROM flow_${level} WHERE tenant_id = {tenant:String}`,
          { tenant },
        )
        expect({ level, totals }).toEqual({ level, totals: [{ octets, records: '1200' }] })
      }
      const [hours] = await store.query<{ windows: string }>(
        `SELECT uniqExact(window_start) AS windows FROM flow_1h WHERE tenant_id = {tenant:String}`,
        { tenant },
      )
      expect(hours).toEqual({ windows: '10' })
    })

    it('takes a token once, in AggregatingMergeTree and its chain of views', async () => {
      const tenant = newTenant()
      const rows: SampleRow[] = Array.from({ length: 120 }, (_, i) => ({
        window_start: day + i * 60,
        tenant_id: tenant,
        device_id: 'r1',
        interface_id: 'r1/ge-0/0/1',
        in_octets: 10n,
        observed_ms: 60_000,
        speed_bits_per_second: 1_000_000_000n,
        in_bits_per_second_max: BigInt(i),
      }))
      const block = blockOf('interface_1m', rows)
      for (let replay = 0; replay < 3; replay++) await store.insert('interface_1m', block, `${tenant}/a`)
      for (const level of levels) {
        const totals = await store.query(
          `SELECT sum(in_octets) AS octets, sum(observed_ms) AS observed, max(in_bits_per_second_max) AS peak
           FROM interface_${level} WHERE tenant_id = {tenant:String}`,
          { tenant },
        )
        expect({ level, totals }).toEqual({ level, totals: [{ octets: '1200', observed: '7200000', peak: '119' }] })
      }
    })

    it('keeps the row with the greatest version in ReplacingMergeTree, whatever the order of tokens', async () => {
      const tenant = newTenant()
      const version = (rev: bigint, sys_name: string) =>
        blockOf('devices', [{ tenant_id: tenant, device_id: 'r1', sys_name, rev }])
      await store.insert('devices', version(2n, 'new'), `${tenant}/2`)
      await store.insert('devices', version(1n, 'old'), `${tenant}/1`)
      await store.insert('devices', version(2n, 'new'), `${tenant}/2`)
      const found = await store.query('SELECT sys_name, rev FROM devices FINAL WHERE tenant_id = {tenant:String}', {
        tenant,
      })
      expect(found).toEqual([{ sys_name: 'new', rev: '2' }])
    })

    it('takes a token once per table when inserts of several tables run at once', async () => {
      const tenant = newTenant()
      const blocks: [TableName, SampleRow][] = [
        ['flow_1m', { tenant_id: tenant, window_start: day, octets: 5n }],
        ['interface_1m', { tenant_id: tenant, window_start: day, in_octets: 5n }],
        ['alarm_events', { tenant_id: tenant, event_time: day * 1000 }],
      ]
      await Promise.all(
        [1, 2, 3].flatMap(() =>
          blocks.map(([table, row]) => store.insert(table, blockOf(table, [row]), `${tenant}/a/${table}`)),
        ),
      )
      for (const [table] of blocks) {
        const [row] = await store.query(`SELECT count() AS rows FROM ${table} WHERE tenant_id = {tenant:String}`, {
          tenant,
        })
        expect({ table, row }).toEqual({ table, row: { rows: '1' } })
      }
    })

    it('cuts a block that spans more than 100 partitions, and still takes its token once', async () => {
      const tenant = newTenant()
      const rows = Array.from({ length: 120 }, (_, i) => ({
        window_start: day - (i % 105) * 86_400,
        tenant_id: tenant,
        exporter_id: `e${i}`,
        octets: 1n,
      }))
      for (let replay = 0; replay < 2; replay++) {
        await store.insert('flow_1m', blockOf('flow_1m', rows), `${tenant}/backfill`)
      }
      const totals = await store.query(`SELECT sum(octets) AS octets FROM flow_5m WHERE tenant_id = {tenant:String}`, {
        tenant,
      })
      expect(totals).toEqual([{ octets: '120' }])
    })

    it('refuses malformed blocks by name and writes nothing of them', async () => {
      const tenant = newTenant()
      const good = blockOf('flow_1m', [{ tenant_id: tenant, window_start: day, octets: 1n }])
      const { octets: _, ...without } = good.columns
      const cases: [string, object][] = [
        ['"octets" is missing', { length: 1, columns: without }],
        ['no column "extra"', { length: 1, columns: { ...good.columns, extra: [1] } }],
        ['"octets" holds 2 values', { length: 1, columns: { ...good.columns, octets: [1n, 2n] } }],
        ['"octets" is UInt64', { length: 1, columns: { ...good.columns, octets: [1] } }],
        ['"protocol" row 0 holds 256', { length: 1, columns: { ...good.columns, protocol: [256] } }],
        ['"window_start" row 0 holds NaN', { length: 1, columns: { ...good.columns, window_start: [Number.NaN] } }],
        ['row 0 holds -1', { length: 1, columns: { ...good.columns, octets: [-1n] } }],
      ]
      for (const [message, block] of cases) {
        const failure = await store.insert('flow_1m', block as never, `${tenant}/bad`).catch(error => error)
        expect(failure).toBeInstanceOf(StoreError)
        expect(failure).toMatchObject({ code: 'block-malformed', retryable: false })
        expect(failure.message).toContain(message)
      }
      const [row] = await store.query('SELECT count() AS rows FROM flow_1m WHERE tenant_id = {tenant:String}', {
        tenant,
      })
      expect(row).toEqual({ rows: '0' })
    })

    it('inserts nothing for an empty block', async () => {
      await store.insert('flow_1m', blockOf('flow_1m', []), newTenant())
    })

    it('binds parameters as values, never as SQL', async () => {
      const hostile = `x' OR 1=1 -- \\ \t \n {a:String}`
      const [row] = await store.query(
        `SELECT {text:String} AS text, {list:Array(String)} AS list, {big:UInt64} AS big, {n:Float64} AS n, {flag:Bool} AS flag`,
        { text: hostile, list: [hostile, 'b'], big: 18_446_744_073_709_551_615n, n: 0.25, flag: true },
      )
      expect(row).toEqual({ text: hostile, list: [hostile, 'b'], big: '18446744073709551615', n: 0.25, flag: true })
    })

    it('keeps the parameters of simultaneous queries apart', async () => {
      const numbers = Array.from({ length: 40 }, (_, i) => i)
      const answers = await Promise.all(numbers.map(n => store.query('SELECT {n:UInt32} AS n', { n })))
      expect(answers).toEqual(numbers.map(n => [{ n }]))
    })

    it('refuses a query whose parameter is missing, also after one that had it', async () => {
      await store.query('SELECT {tenant:String} AS t', { tenant: 'other' })
      for (let i = 0; i < 4; i++) {
        await expect(store.query('SELECT {tenant:String} AS t')).rejects.toMatchObject({ code: 'store-rejected' })
      }
    })

    it('refuses to write in a query', async () => {
      await expect(store.query('TRUNCATE TABLE flows')).rejects.toMatchObject({ code: 'store-rejected' })
      await expect(store.query('CREATE TABLE x (a UInt8) ENGINE = Memory')).rejects.toThrow(StoreError)
    })

    it('ends a query at its time limit and goes on', async () => {
      const slow = store.query('SELECT sum(sipHash64(number)) AS n FROM numbers(100000000000)', {}, { timeoutMs: 300 })
      await expect(slow).rejects.toMatchObject({ code: 'store-timeout', retryable: true })
      expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    })

    it('refuses more rows than asked for', async () => {
      const many = store.query('SELECT number FROM numbers(1000)', {}, { rowsMax: 999 })
      await expect(many).rejects.toMatchObject({ code: 'store-rejected' })
      expect(await store.query('SELECT number FROM numbers(1000)', {}, { rowsMax: 1000 })).toHaveLength(1000)
    })

    it('names the fault of a wrong query', async () => {
      await expect(store.query('SELEC 1')).rejects.toMatchObject({ code: 'store-rejected', retryable: false })
      await expect(store.query('SELECT * FROM nowhere')).rejects.toThrow(/nowhere/)
    })
  })
}

function isoDay(): string {
  return new Date(day * 1000).toISOString().slice(0, 10)
}

/** The table's type holds what the writer sends: the same, wrapped, or wide enough for sums. */
function accepts(found: string | undefined, declared: ColumnType): boolean {
  const bare = found
    ?.replace(/^LowCardinality\((.*)\)$/, '$1')
    .replace(/^SimpleAggregateFunction\(\w+, (.*)\)$/, '$1')
    .replace("DateTime('UTC')", 'DateTime')
    .replace("DateTime64(3, 'UTC')", 'DateTime64(3)')
  return bare === declared || (declared === 'UInt32' && bare === 'UInt64')
}
