-- What exporters call their interfaces, VRFs and samplers in options data: a row an exporter, as it was known last. Each
-- text is JSON, [[number, name, description], …]; whole tables, so that a name that is gone leaves no row behind.

CREATE TABLE IF NOT EXISTS exporter_names{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    exporter_id String,
    interfaces_json String CODEC(ZSTD(1)),
    vrfs_json String CODEC(ZSTD(1)),
    samplers_json String CODEC(ZSTD(1)),
    learned_at DateTime64(3, 'UTC'),
    rev UInt64
)
ENGINE = {{ReplacingMergeTree(rev)}}
ORDER BY (tenant_id, exporter_id)
SETTINGS {{deduplication}};
