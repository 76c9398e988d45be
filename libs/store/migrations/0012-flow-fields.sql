-- More of what a flow record says. Rows from before have each column's default: not given. 0 says so too, but for VRFs,
-- where it is the global table of many makers, and for ICMP, where it is an echo reply: those have what no exporter sends.
-- A block leaves out a column that none of its rows has (`optionalColumns`), and a column of defaults takes no room on
-- disk. The view over raw flows reads none of these and stays as it is.
-- A cluster's Distributed table gets its columns from libs/store/src/sharding.ts.

ALTER TABLE flows{{local}}{{onCluster}}
    ADD COLUMN IF NOT EXISTS source_mac UInt64 COMMENT 'MACNumToString shows it; 0 not given',
    ADD COLUMN IF NOT EXISTS destination_mac UInt64 COMMENT 'MACNumToString shows it; 0 not given',
    ADD COLUMN IF NOT EXISTS post_vlan UInt16 COMMENT 'after the device',
    ADD COLUMN IF NOT EXISTS customer_vlan UInt16 COMMENT 'the inner tag of two',
    ADD COLUMN IF NOT EXISTS mpls_label_1 UInt32 COMMENT 'top of the stack',
    ADD COLUMN IF NOT EXISTS mpls_label_2 UInt32,
    ADD COLUMN IF NOT EXISTS mpls_label_3 UInt32,
    ADD COLUMN IF NOT EXISTS ingress_vrf UInt32 DEFAULT 4294967295 COMMENT '4294967295 not given',
    ADD COLUMN IF NOT EXISTS egress_vrf UInt32 DEFAULT 4294967295 COMMENT '4294967295 not given',
    ADD COLUMN IF NOT EXISTS icmp_type_code UInt16 DEFAULT 65535 COMMENT 'type * 256 + code; 65535 not given',
    ADD COLUMN IF NOT EXISTS post_nat_source_address IPv6,
    ADD COLUMN IF NOT EXISTS post_nat_destination_address IPv6,
    ADD COLUMN IF NOT EXISTS post_nat_source_port UInt16,
    ADD COLUMN IF NOT EXISTS post_nat_destination_port UInt16,
    ADD COLUMN IF NOT EXISTS nat_event UInt8 COMMENT 'IANA natEvent; 0 not given',
    ADD COLUMN IF NOT EXISTS firewall_event UInt8 COMMENT 'IANA firewallEvent; 0 not given',
    ADD COLUMN IF NOT EXISTS forwarding_status UInt8 COMMENT 'RFC 7270; 0 not given',
    ADD COLUMN IF NOT EXISTS flow_end_reason UInt8 COMMENT 'IANA flowEndReason; 0 not given',
    ADD COLUMN IF NOT EXISTS application_id UInt32 COMMENT 'RFC 6759: engine in the high octet, its selector below; 0 not given',
    ADD COLUMN IF NOT EXISTS application_name LowCardinality(String) COMMENT 'as the exporter announced it',
    ADD COLUMN IF NOT EXISTS bgp_next_hop IPv6,
    ADD COLUMN IF NOT EXISTS previous_as UInt32 COMMENT 'the neighbour the traffic came from; 0 not given',
    ADD COLUMN IF NOT EXISTS next_as UInt32 COMMENT 'the neighbour the traffic goes to; 0 not given',
    ADD COLUMN IF NOT EXISTS as_path LowCardinality(String) COMMENT 'to the destination, with spaces between';
