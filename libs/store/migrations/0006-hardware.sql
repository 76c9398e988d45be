-- What devices say of themselves beyond their interfaces: newest readings of sensors, their values by five minutes, the
-- rest of the newest reading as JSON, and what changed about a device.

CREATE TABLE IF NOT EXISTS sensors{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    device_id String,
    sensor_id String COMMENT 'the dotted OID of the value',
    class LowCardinality(String),
    name String,
    value Float64 COMMENT 'NaN: not answered',
    state LowCardinality(String),
    low_critical Float64 COMMENT 'limits: NaN where the device gives none',
    low_warning Float64,
    high_warning Float64,
    high_critical Float64,
    interface_id String,
    read_at DateTime64(3, 'UTC'),
    rev UInt64
)
ENGINE = {{ReplacingMergeTree(rev)}}
ORDER BY (tenant_id, device_id, sensor_id)
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS sensor_5m{{local}}{{onCluster}}
(
    window_start DateTime('UTC'),
    tenant_id LowCardinality(String),
    device_id LowCardinality(String),
    sensor_id String,
    value_sum SimpleAggregateFunction(sum, Float64),
    value_min SimpleAggregateFunction(min, Float64),
    value_max SimpleAggregateFunction(max, Float64),
    readings SimpleAggregateFunction(sum, UInt64)
)
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, device_id, sensor_id, window_start)
TTL window_start + INTERVAL {{retention.5m}} DAY
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS device_hardware{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    device_id String,
    hardware_json String CODEC(ZSTD(1)),
    read_at DateTime64(3, 'UTC'),
    rev UInt64
)
ENGINE = {{ReplacingMergeTree(rev)}}
ORDER BY (tenant_id, device_id)
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS device_changes{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    device_id String,
    site_id LowCardinality(String),
    changed_at DateTime64(3, 'UTC'),
    kind LowCardinality(String) COMMENT 'os, version, hardware, serial, reboot',
    from_value String,
    to_value String
)
ENGINE = {{MergeTree}}
ORDER BY (tenant_id, device_id, changed_at)
SETTINGS {{deduplication}};
