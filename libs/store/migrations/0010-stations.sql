-- Where stations were last seen: at which port and VLAN of which bridge, and with which addresses beside which router.

CREATE TABLE IF NOT EXISTS stations{{local}}{{onCluster}}
(
    tenant_id LowCardinality(String),
    mac String COMMENT 'lower-case, with colons',
    device_id LowCardinality(String),
    vlan UInt16 COMMENT '0: not said',
    address String COMMENT 'empty: of a forwarding table',
    interface_id LowCardinality(String),
    site_id LowCardinality(String),
    seen_at DateTime64(3, 'UTC'),
    rev UInt64,
    INDEX address_index address TYPE bloom_filter GRANULARITY 1
)
ENGINE = {{ReplacingMergeTree(rev)}}
ORDER BY (tenant_id, mac, device_id, vlan, address)
TTL toDateTime(seen_at) + INTERVAL 90 DAY
SETTINGS {{deduplication}};
