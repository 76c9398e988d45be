-- Alarm events (appended, never changed), newest inventory facts, and what the stream remembers.

CREATE TABLE IF NOT EXISTS alarm_events{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    alarm_id String,
    seq UInt32,
    event_time DateTime64(3, 'UTC'),
    axis LowCardinality(String),
    from_state LowCardinality(String),
    to_state LowCardinality(String),
    alarm_type LowCardinality(String),
    resource String,
    qualifier String,
    device_id String,
    site_id LowCardinality(String),
    severity LowCardinality(String),
    cause String,
    note String,
    alarm_json String
)
ENGINE = {{MergeTree}}
PARTITION BY toYYYYMM(event_time)
ORDER BY (tenant_id, alarm_id, seq)
TTL toDateTime(event_time) + INTERVAL {{retention.1d}} DAY
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS devices{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    device_id String,
    site_id LowCardinality(String),
    address String,
    sys_name String,
    sys_descr String,
    sys_object_id String,
    sys_location String,
    sys_contact String,
    vendor LowCardinality(String),
    os LowCardinality(String),
    version String,
    hardware String,
    serial String,
    polled_at DateTime64(3, 'UTC'),
    rev UInt64
)
ENGINE = {{ReplacingMergeTree(rev)}}
ORDER BY (tenant_id, device_id)
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS interfaces{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    device_id String,
    interface_id String,
    if_index UInt32,
    if_name String,
    if_descr String,
    if_alias String,
    if_type UInt32,
    phys_address String,
    speed_bits_per_second UInt64,
    admin_status UInt8,
    oper_status UInt8,
    polled_at DateTime64(3, 'UTC'),
    rev UInt64
)
ENGINE = {{ReplacingMergeTree(rev)}}
ORDER BY (tenant_id, device_id, interface_id)
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS stream_state{{local}}{{onCluster}}
(
    log_id String,
    topic LowCardinality(String),
    partition UInt32,
    key String,
    slot UInt8,
    offset UInt64,
    state String CODEC(ZSTD(1))
)
ENGINE = {{ReplacingMergeTree(offset)}}
ORDER BY (log_id, topic, partition, key, slot)
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS stream_epochs{{local}}{{onCluster}}
(
    log_id String,
    topic LowCardinality(String),
    partition UInt32,
    from_offset UInt64,
    to_offset UInt64,
    records UInt32,
    last_stamp DateTime64(3, 'UTC')
)
ENGINE = {{MergeTree}}
ORDER BY (log_id, topic, partition, from_offset)
TTL toDateTime(last_stamp) + INTERVAL {{retention.1m}} DAY
SETTINGS {{deduplication}};
