-- Interface rollups: counter deltas by minute from the stream; 5 minutes, 1 hour and 1 day by views, each fed by the
-- one before it.

CREATE TABLE IF NOT EXISTS interface_1m{{local}}{{onCluster}}
(
    window_start DateTime('UTC'),
    tenant_id LowCardinality(String),
    device_id LowCardinality(String),
    interface_id String,
    in_octets SimpleAggregateFunction(sum, UInt64),
    out_octets SimpleAggregateFunction(sum, UInt64),
    in_packets SimpleAggregateFunction(sum, UInt64),
    out_packets SimpleAggregateFunction(sum, UInt64),
    in_errors SimpleAggregateFunction(sum, UInt64),
    out_errors SimpleAggregateFunction(sum, UInt64),
    in_discards SimpleAggregateFunction(sum, UInt64),
    out_discards SimpleAggregateFunction(sum, UInt64),
    fcs_errors SimpleAggregateFunction(sum, UInt64),
    observed_ms SimpleAggregateFunction(sum, UInt64),
    speed_bits_per_second SimpleAggregateFunction(max, UInt64),
    in_bits_per_second_max SimpleAggregateFunction(max, UInt64),
    out_bits_per_second_max SimpleAggregateFunction(max, UInt64)
)
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toDate(window_start)
ORDER BY (tenant_id, device_id, interface_id, window_start)
TTL window_start + INTERVAL {{retention.1m}} DAY
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS interface_5m{{local}}{{onCluster}} AS interface_1m{{local}}
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, device_id, interface_id, window_start)
TTL window_start + INTERVAL {{retention.5m}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS interface_5m_mv{{onCluster}} TO interface_5m{{local}} AS
SELECT toStartOfFiveMinutes(window_start) AS window_start, tenant_id, device_id, interface_id,
       sum(in_octets) AS in_octets, sum(out_octets) AS out_octets, sum(in_packets) AS in_packets, sum(out_packets) AS out_packets,
       sum(in_errors) AS in_errors, sum(out_errors) AS out_errors, sum(in_discards) AS in_discards, sum(out_discards) AS out_discards,
       sum(fcs_errors) AS fcs_errors, sum(observed_ms) AS observed_ms, max(speed_bits_per_second) AS speed_bits_per_second,
       max(in_bits_per_second_max) AS in_bits_per_second_max, max(out_bits_per_second_max) AS out_bits_per_second_max
FROM interface_1m{{local}}
GROUP BY window_start, tenant_id, device_id, interface_id;

CREATE TABLE IF NOT EXISTS interface_1h{{local}}{{onCluster}} AS interface_1m{{local}}
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYear(window_start)
ORDER BY (tenant_id, device_id, interface_id, window_start)
TTL window_start + INTERVAL {{retention.1h}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS interface_1h_mv{{onCluster}} TO interface_1h{{local}} AS
SELECT toStartOfHour(window_start) AS window_start, tenant_id, device_id, interface_id,
       sum(in_octets) AS in_octets, sum(out_octets) AS out_octets, sum(in_packets) AS in_packets, sum(out_packets) AS out_packets,
       sum(in_errors) AS in_errors, sum(out_errors) AS out_errors, sum(in_discards) AS in_discards, sum(out_discards) AS out_discards,
       sum(fcs_errors) AS fcs_errors, sum(observed_ms) AS observed_ms, max(speed_bits_per_second) AS speed_bits_per_second,
       max(in_bits_per_second_max) AS in_bits_per_second_max, max(out_bits_per_second_max) AS out_bits_per_second_max
FROM interface_5m{{local}}
GROUP BY window_start, tenant_id, device_id, interface_id;

CREATE TABLE IF NOT EXISTS interface_1d{{local}}{{onCluster}} AS interface_1m{{local}}
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYear(window_start)
ORDER BY (tenant_id, device_id, interface_id, window_start)
TTL window_start + INTERVAL {{retention.1d}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS interface_1d_mv{{onCluster}} TO interface_1d{{local}} AS
SELECT toStartOfDay(window_start) AS window_start, tenant_id, device_id, interface_id,
       sum(in_octets) AS in_octets, sum(out_octets) AS out_octets, sum(in_packets) AS in_packets, sum(out_packets) AS out_packets,
       sum(in_errors) AS in_errors, sum(out_errors) AS out_errors, sum(in_discards) AS in_discards, sum(out_discards) AS out_discards,
       sum(fcs_errors) AS fcs_errors, sum(observed_ms) AS observed_ms, max(speed_bits_per_second) AS speed_bits_per_second,
       max(in_bits_per_second_max) AS in_bits_per_second_max, max(out_bits_per_second_max) AS out_bits_per_second_max
FROM interface_1h{{local}}
GROUP BY window_start, tenant_id, device_id, interface_id;
