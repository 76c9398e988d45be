-- Who used which link, by the hour: addresses outlive the raw flows. A flow counts twice, once a side, in the hour it was
-- received in; addresses are kept apart by exporter and interfaces, so that a link's talkers can be told. Rows are summed
-- when parts merge: grouping each insert as well cost three times as much and found little to sum.

CREATE TABLE IF NOT EXISTS talker_1h{{local}}{{onCluster}}
(
    window_start DateTime('UTC'),
    tenant_id LowCardinality(String),
    exporter_id LowCardinality(String),
    input_interface UInt32,
    output_interface UInt32,
    side UInt8 COMMENT '0 the source, 1 the destination',
    address IPv6,
    octets UInt64,
    packets UInt64,
    octets_exported UInt64,
    packets_exported UInt64,
    records UInt64,
    unscaled_records UInt64
)
ENGINE = {{SummingMergeTree}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, side, window_start, exporter_id, address, input_interface, output_interface)
TTL window_start + INTERVAL {{retention.talkers}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS talker_1h_mv{{onCluster}} TO talker_1h{{local}} AS
SELECT toStartOfHour(received_at) AS window_start, tenant_id,
       concat(tenant_id, '/', collector_id, '/', exporter) AS exporter_id, input_interface, output_interface, side, address,
       f.octets * greatest(f.sampling_rate, 1) AS octets, f.packets * greatest(f.sampling_rate, 1) AS packets,
       f.octets AS octets_exported, f.packets AS packets_exported, 1 AS records, f.sampling_rate = 0 AS unscaled_records
FROM flows{{local}} AS f
ARRAY JOIN [source_address, destination_address] AS address, [0, 1]::Array(UInt8) AS side;
