-- Rounds of active probes, and echo requests to polled devices, by minute of their beginning: one row for each bucket of
-- round trips, so that counts, sums and quantiles add up exactly. 5 minutes, 1 hour and 1 day by views, each fed by the one
-- before it.

CREATE TABLE IF NOT EXISTS probe_1m{{local}}{{onCluster}}
(
    window_start DateTime('UTC'),
    tenant_id LowCardinality(String),
    site_id LowCardinality(String),
    probe_id String,
    bucket UInt8 COMMENT 'round trips from 1.1^(n-1) to 1.1^n microseconds; 255: lost',
    packets SimpleAggregateFunction(sum, UInt64),
    rtt_us_sum SimpleAggregateFunction(sum, UInt64),
    rtt_us_min SimpleAggregateFunction(min, UInt64),
    rtt_us_max SimpleAggregateFunction(max, UInt64),
    jitter_us_sum SimpleAggregateFunction(sum, UInt64) COMMENT 'differences of round trips that follow each other',
    jitter_pairs SimpleAggregateFunction(sum, UInt64)
)
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toDate(window_start)
ORDER BY (tenant_id, site_id, probe_id, window_start, bucket)
TTL window_start + INTERVAL {{retention.1m}} DAY
SETTINGS {{deduplication}};

CREATE TABLE IF NOT EXISTS probe_5m{{local}}{{onCluster}} AS probe_1m{{local}}
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, site_id, probe_id, window_start, bucket)
TTL window_start + INTERVAL {{retention.5m}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS probe_5m_mv{{onCluster}} TO probe_5m{{local}} AS
SELECT toStartOfFiveMinutes(window_start) AS window_start, tenant_id, site_id, probe_id, bucket, sum(packets) AS packets,
       sum(rtt_us_sum) AS rtt_us_sum, min(rtt_us_min) AS rtt_us_min, max(rtt_us_max) AS rtt_us_max,
       sum(jitter_us_sum) AS jitter_us_sum, sum(jitter_pairs) AS jitter_pairs
FROM probe_1m{{local}}
GROUP BY window_start, tenant_id, site_id, probe_id, bucket;

CREATE TABLE IF NOT EXISTS probe_1h{{local}}{{onCluster}} AS probe_1m{{local}}
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYear(window_start)
ORDER BY (tenant_id, site_id, probe_id, window_start, bucket)
TTL window_start + INTERVAL {{retention.1h}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS probe_1h_mv{{onCluster}} TO probe_1h{{local}} AS
SELECT toStartOfHour(window_start) AS window_start, tenant_id, site_id, probe_id, bucket, sum(packets) AS packets,
       sum(rtt_us_sum) AS rtt_us_sum, min(rtt_us_min) AS rtt_us_min, max(rtt_us_max) AS rtt_us_max,
       sum(jitter_us_sum) AS jitter_us_sum, sum(jitter_pairs) AS jitter_pairs
FROM probe_5m{{local}}
GROUP BY window_start, tenant_id, site_id, probe_id, bucket;

CREATE TABLE IF NOT EXISTS probe_1d{{local}}{{onCluster}} AS probe_1m{{local}}
ENGINE = {{AggregatingMergeTree}}
PARTITION BY toYear(window_start)
ORDER BY (tenant_id, site_id, probe_id, window_start, bucket)
TTL window_start + INTERVAL {{retention.1d}} DAY
SETTINGS {{deduplication}};

CREATE MATERIALIZED VIEW IF NOT EXISTS probe_1d_mv{{onCluster}} TO probe_1d{{local}} AS
SELECT toStartOfDay(window_start) AS window_start, tenant_id, site_id, probe_id, bucket, sum(packets) AS packets,
       sum(rtt_us_sum) AS rtt_us_sum, min(rtt_us_min) AS rtt_us_min, max(rtt_us_max) AS rtt_us_max,
       sum(jitter_us_sum) AS jitter_us_sum, sum(jitter_pairs) AS jitter_pairs
FROM probe_1h{{local}}
GROUP BY window_start, tenant_id, site_id, probe_id, bucket;
