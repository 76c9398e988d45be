-- Flow rollups by network, site, country, application, DSCP and direction as well. Rows from before have '' and 0 there:
-- not known. The new columns end the sorting key, so that sums stay apart by them; the primary key stays as it is, and no
-- part is rewritten. Views change their query in place: nothing that is inserted meanwhile passes them by. A cluster's Distributed tables get their columns from libs/store/src/sharding.ts.

ALTER TABLE flow_1m{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS source_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS application LowCardinality(String),
    ADD COLUMN IF NOT EXISTS dscp UInt8,
    ADD COLUMN IF NOT EXISTS direction UInt8 COMMENT '0 not given, 1 ingress, 2 egress',
    ADD COLUMN IF NOT EXISTS exporter_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS exporter_role LowCardinality(String),
    MODIFY ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as, source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role);

ALTER TABLE flow_5m{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS source_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS application LowCardinality(String),
    ADD COLUMN IF NOT EXISTS dscp UInt8,
    ADD COLUMN IF NOT EXISTS direction UInt8 COMMENT '0 not given, 1 ingress, 2 egress',
    ADD COLUMN IF NOT EXISTS exporter_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS exporter_role LowCardinality(String),
    MODIFY ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as, source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role);

ALTER TABLE flow_1h{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS source_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS application LowCardinality(String),
    ADD COLUMN IF NOT EXISTS dscp UInt8,
    ADD COLUMN IF NOT EXISTS direction UInt8 COMMENT '0 not given, 1 ingress, 2 egress',
    ADD COLUMN IF NOT EXISTS exporter_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS exporter_role LowCardinality(String),
    MODIFY ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as, source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role);

ALTER TABLE flow_1d{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS source_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_network LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS source_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS destination_country LowCardinality(String),
    ADD COLUMN IF NOT EXISTS application LowCardinality(String),
    ADD COLUMN IF NOT EXISTS dscp UInt8,
    ADD COLUMN IF NOT EXISTS direction UInt8 COMMENT '0 not given, 1 ingress, 2 egress',
    ADD COLUMN IF NOT EXISTS exporter_site LowCardinality(String),
    ADD COLUMN IF NOT EXISTS exporter_role LowCardinality(String),
    MODIFY ORDER BY (tenant_id, exporter_id, window_start, input_interface, output_interface, protocol, service_port, source_as, destination_as, source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role);

ALTER TABLE flow_5m_mv{{onCluster}} MODIFY QUERY
SELECT toStartOfFiveMinutes(window_start) AS window_start, tenant_id, exporter_id, input_interface, output_interface, protocol,
       service_port, source_as, destination_as, sum(octets) AS octets, sum(packets) AS packets, sum(octets_exported) AS octets_exported,
       sum(packets_exported) AS packets_exported, sum(records) AS records, sum(unscaled_records) AS unscaled_records,
       source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role
FROM flow_1m{{local}}
GROUP BY window_start, tenant_id, exporter_id, input_interface, output_interface, protocol, service_port, source_as, destination_as,
         source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role;

ALTER TABLE flow_1h_mv{{onCluster}} MODIFY QUERY
SELECT toStartOfHour(window_start) AS window_start, tenant_id, exporter_id, input_interface, output_interface, protocol,
       service_port, source_as, destination_as, sum(octets) AS octets, sum(packets) AS packets, sum(octets_exported) AS octets_exported,
       sum(packets_exported) AS packets_exported, sum(records) AS records, sum(unscaled_records) AS unscaled_records,
       source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role
FROM flow_5m{{local}}
GROUP BY window_start, tenant_id, exporter_id, input_interface, output_interface, protocol, service_port, source_as, destination_as,
         source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role;

ALTER TABLE flow_1d_mv{{onCluster}} MODIFY QUERY
SELECT toStartOfDay(window_start) AS window_start, tenant_id, exporter_id, input_interface, output_interface, protocol,
       service_port, source_as, destination_as, sum(octets) AS octets, sum(packets) AS packets, sum(octets_exported) AS octets_exported,
       sum(packets_exported) AS packets_exported, sum(records) AS records, sum(unscaled_records) AS unscaled_records,
       source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role
FROM flow_1h{{local}}
GROUP BY window_start, tenant_id, exporter_id, input_interface, output_interface, protocol, service_port, source_as, destination_as,
         source_network, destination_network, source_site, destination_site, source_country, destination_country, application, dscp, direction, exporter_site, exporter_role;
