-- Raw flows and flow rollups. {{…}} are filled in by the migration runner: engines for a single node or a cluster, and
-- retention in days. Every table and every view's target has its own deduplication window: without one, a replayed
-- token would double there (docs/explanation/epochs.md, rule 4).

CREATE TABLE IF NOT EXISTS flows{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    collector_id LowCardinality(String),
    exporter LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    started_at DateTime64(3, 'UTC'),
    ended_at DateTime64(3, 'UTC'),
    protocol_version UInt8,
    source_address IPv6,
    destination_address IPv6,
    next_hop IPv6,
    source_port UInt16,
    destination_port UInt16,
    protocol UInt8,
    tcp_flags UInt16,
    tos UInt8,
    input_interface UInt32,
    output_interface UInt32,
    source_as UInt32,
    destination_as UInt32,
    source_mask UInt8,
    destination_mask UInt8,
    vlan UInt16,
    direction UInt8,
    sampling_rate UInt32,
    octets UInt64,
    packets UInt64,
    observation_domain UInt32
)
ENGINE = {{MergeTree}}
PARTITION BY toDate(received_at)
ORDER BY (tenant_id, exporter, toStartOfFiveMinutes(received_at))
TTL toDateTime(received_at) + INTERVAL {{retention.flows}} DAY
SETTINGS ttl_only_drop_parts = 1, {{deduplication}};

CREATE TABLE IF NOT EXISTS flow_1m{{local}}{{onCluster}}
(
    window_start DateTime('UTC'),
    tenant_id LowCardinality(String),
    exporter_id LowCardinality(String),
    input_interface UInt32,
    output_interface UInt32,
    protocol UInt8,
    service_port UInt16,
    source_as UInt32,
    destination_as UInt32,
    octets UInt64,
    packets UInt64,
    octets_exported UInt64,
    packets_exported UInt64,
    records UInt64,
    unscaled_records UInt64
)
ENGINE = {{SummingMergeTree}}
PARTITION BY toDate(window_start)
ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as)
TTL window_start + INTERVAL {{retention.1m}} DAY
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS flow_5m{{local}}{{onCluster}} AS flow_1m{{local}}
ENGINE = {{SummingMergeTree}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as)
TTL window_start + INTERVAL {{retention.5m}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS flow_5m_mv{{onCluster}} TO flow_5m{{local}} AS
SELECT toStartOfFiveMinutes(window_start) AS window_start, tenant_id, exporter_id, input_interface, output_interface, protocol,
       service_port, source_as, destination_as, sum(octets) AS octets, sum(packets) AS packets, sum(octets_exported) AS octets_exported,
       sum(packets_exported) AS packets_exported, sum(records) AS records, sum(unscaled_records) AS unscaled_records
FROM flow_1m{{local}}
GROUP BY window_start, tenant_id, exporter_id, input_interface, output_interface, protocol, service_port, source_as, destination_as;

CREATE TABLE IF NOT EXISTS flow_1h{{local}}{{onCluster}} AS flow_1m{{local}}
ENGINE = {{SummingMergeTree}}
PARTITION BY toYear(window_start)
ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as)
TTL window_start + INTERVAL {{retention.1h}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS flow_1h_mv{{onCluster}} TO flow_1h{{local}} AS
SELECT toStartOfHour(window_start) AS window_start, tenant_id, exporter_id, input_interface, output_interface, protocol,
       service_port, source_as, destination_as, sum(octets) AS octets, sum(packets) AS packets, sum(octets_exported) AS octets_exported,
       sum(packets_exported) AS packets_exported, sum(records) AS records, sum(unscaled_records) AS unscaled_records
FROM flow_5m{{local}}
GROUP BY window_start, tenant_id, exporter_id, input_interface, output_interface, protocol, service_port, source_as, destination_as;

CREATE TABLE IF NOT EXISTS flow_1d{{local}}{{onCluster}} AS flow_1m{{local}}
ENGINE = {{SummingMergeTree}}
PARTITION BY toYear(window_start)
ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as)
TTL window_start + INTERVAL {{retention.1d}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS flow_1d_mv{{onCluster}} TO flow_1d{{local}} AS
SELECT toStartOfDay(window_start) AS window_start, tenant_id, exporter_id, input_interface, output_interface, protocol,
       service_port, source_as, destination_as, sum(octets) AS octets, sum(packets) AS packets, sum(octets_exported) AS octets_exported,
       sum(packets_exported) AS packets_exported, sum(records) AS records, sum(unscaled_records) AS unscaled_records
FROM flow_1h{{local}}
GROUP BY window_start, tenant_id, exporter_id, input_interface, output_interface, protocol, service_port, source_as, destination_as;
