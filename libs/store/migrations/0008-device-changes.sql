-- What a change of a device is about, what helps to understand it, and a name for it. Rows from before get a name of what
-- they say. A cluster's Distributed table gets its columns from libs/store/src/sharding.ts.

ALTER TABLE device_changes{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS subject String COMMENT 'interface, sensor, part or peer; empty: the device',
    ADD COLUMN IF NOT EXISTS detail String,
    ADD COLUMN IF NOT EXISTS event_id String DEFAULT lower(hex(MD5(concat(device_id, kind, toString(changed_at), to_value))));
