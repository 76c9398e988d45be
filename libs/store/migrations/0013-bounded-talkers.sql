-- Hosts and conversations by the hour, of bounded number: the processor writes the largest of each epoch and one row of the
-- rest a link, so that a flood of forged addresses costs no more room than a busy hour. Rows add up, and their bounds with
-- them: a key has at most what is listed of it, and `…_unlisted_max` of its links' rests less that of its own rows. Rows
-- from before have 0 there, for they listed everybody.
-- The view over raw flows goes, since what it made is written now: processors of before must have stopped.

DROP VIEW IF EXISTS talker_1h_mv{{onCluster}} SYNC;

ALTER TABLE talker_1h{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS octets_unlisted_max UInt64 COMMENT 'side 2, 3: of a host that is not listed, at most; else what this row takes off it',
    ADD COLUMN IF NOT EXISTS packets_unlisted_max UInt64,
    ADD COLUMN IF NOT EXISTS records_unlisted_max UInt64,
    COMMENT COLUMN IF EXISTS side '0 the source, 1 the destination; 2, 3 the rest of 0, 1';

CREATE TABLE IF NOT EXISTS conversation_1h{{local}}{{onCluster}}
(
    window_start DateTime('UTC'),
    tenant_id LowCardinality(String),
    exporter_id LowCardinality(String),
    input_interface UInt32,
    output_interface UInt32,
    is_rest UInt8 COMMENT '1: what is not listed of the link',
    source_address IPv6,
    destination_address IPv6,
    octets UInt64,
    packets UInt64,
    octets_exported UInt64,
    packets_exported UInt64,
    records UInt64,
    unscaled_records UInt64,
    octets_unlisted_max UInt64,
    packets_unlisted_max UInt64,
    records_unlisted_max UInt64
)
ENGINE = {{SummingMergeTree}}
PARTITION BY toYYYYMM(window_start)
ORDER BY (tenant_id, is_rest, window_start, exporter_id, source_address, destination_address, input_interface, output_interface)
TTL window_start + INTERVAL {{retention.talkers}} DAY
SETTINGS {{deduplication}};
