/**
 * Tables the services write, with the ClickHouse type of each column in order. Migrations create them; the store's
 * contract suite holds the two to each other. Views feed the coarser resolutions from the `_1m` tables.
 */
export type ColumnType =
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Float64'
  | 'String'
  | 'IPv6'
  | 'DateTime'
  | 'DateTime64(3)'

const flowSums = {
  octets: 'UInt64',
  packets: 'UInt64',
  octets_exported: 'UInt64',
  packets_exported: 'UInt64',
  records: 'UInt64',
  unscaled_records: 'UInt64',
} as const

/** Of hosts and conversations: what is known of them, and what bounds the rest (migration 0013). */
const boundedSums = {
  ...flowSums,
  octets_unlisted_max: 'UInt64',
  packets_unlisted_max: 'UInt64',
  records_unlisted_max: 'UInt64',
} as const

const interfaceSums = {
  in_octets: 'UInt64',
  out_octets: 'UInt64',
  in_packets: 'UInt64',
  out_packets: 'UInt64',
  in_errors: 'UInt64',
  out_errors: 'UInt64',
  in_discards: 'UInt64',
  out_discards: 'UInt64',
  fcs_errors: 'UInt64',
} as const

export const tables = {
  /** One row a decoded flow record, as exported; `octets` and `packets` are not scaled. */
  flows: {
    tenant_id: 'String',
    collector_id: 'String',
    exporter: 'String',
    received_at: 'DateTime64(3)',
    started_at: 'DateTime64(3)',
    ended_at: 'DateTime64(3)',
    protocol_version: 'UInt8',
    source_address: 'IPv6',
    destination_address: 'IPv6',
    next_hop: 'IPv6',
    source_port: 'UInt16',
    destination_port: 'UInt16',
    protocol: 'UInt8',
    tcp_flags: 'UInt16',
    tos: 'UInt8',
    input_interface: 'UInt32',
    output_interface: 'UInt32',
    source_as: 'UInt32',
    destination_as: 'UInt32',
    source_mask: 'UInt8',
    destination_mask: 'UInt8',
    vlan: 'UInt16',
    direction: 'UInt8',
    sampling_rate: 'UInt32',
    octets: 'UInt64',
    packets: 'UInt64',
    observation_domain: 'UInt32',
    /** 0, '' or :: where a record has none, but for VRFs and ICMP, in which 0 says something: migration 0012. */
    source_mac: 'UInt64',
    destination_mac: 'UInt64',
    post_vlan: 'UInt16',
    customer_vlan: 'UInt16',
    mpls_label_1: 'UInt32',
    mpls_label_2: 'UInt32',
    mpls_label_3: 'UInt32',
    ingress_vrf: 'UInt32',
    egress_vrf: 'UInt32',
    icmp_type_code: 'UInt16',
    post_nat_source_address: 'IPv6',
    post_nat_destination_address: 'IPv6',
    post_nat_source_port: 'UInt16',
    post_nat_destination_port: 'UInt16',
    nat_event: 'UInt8',
    firewall_event: 'UInt8',
    forwarding_status: 'UInt8',
    flow_end_reason: 'UInt8',
    application_id: 'UInt32',
    /** As the exporter's options data names it; '' where it does not. */
    application_name: 'String',
    bgp_next_hop: 'IPv6',
    previous_as: 'UInt32',
    next_as: 'UInt32',
    /** `64500 64501`, at most 64 networks. */
    as_path: 'String',
  },
  /**
   * Flow traffic by minute of event time. `octets`, `packets` are scaled by the sampling rate, `…_exported` are as the
   * exporter gave them; `records` counts a flow in the window it started in.
   */
  flow_1m: {
    window_start: 'DateTime',
    tenant_id: 'String',
    exporter_id: 'String',
    input_interface: 'UInt32',
    output_interface: 'UInt32',
    protocol: 'UInt8',
    service_port: 'UInt16',
    source_as: 'UInt32',
    destination_as: 'UInt32',
    ...flowSums,
    /** Name, or prefix, of the configured network; '' outside, and in rows from before networks were known. */
    source_network: 'String',
    destination_network: 'String',
    source_site: 'String',
    destination_site: 'String',
    /** ISO 3166-1 alpha-2; '' unknown. */
    source_country: 'String',
    destination_country: 'String',
    application: 'String',
    dscp: 'UInt8',
    /** 0 not given, 1 ingress, 2 egress. */
    direction: 'UInt8',
    /** Of the device with the exporter's address; '' where there is none. */
    exporter_site: 'String',
    exporter_role: 'String',
  },
  /** Hosts on a link by the hour of arrival, and what is not listed of them. */
  talker_1h: {
    window_start: 'DateTime',
    tenant_id: 'String',
    exporter_id: 'String',
    input_interface: 'UInt32',
    output_interface: 'UInt32',
    /** 0 the source, 1 the destination; 2, 3 the rest of 0, 1. */
    side: 'UInt8',
    address: 'IPv6',
    ...boundedSums,
  },
  /** Pairs of hosts on a link by the hour of arrival, and what is not listed of them. */
  conversation_1h: {
    window_start: 'DateTime',
    tenant_id: 'String',
    exporter_id: 'String',
    input_interface: 'UInt32',
    output_interface: 'UInt32',
    is_rest: 'UInt8',
    source_address: 'IPv6',
    destination_address: 'IPv6',
    ...boundedSums,
  },
  /** Interface traffic by minute of event time: counter deltas split over the windows they span. */
  interface_1m: {
    window_start: 'DateTime',
    tenant_id: 'String',
    device_id: 'String',
    interface_id: 'String',
    ...interfaceSums,
    /** Milliseconds of the window that lie between two usable polls: coverage = observed_ms / window length. */
    observed_ms: 'UInt32',
    /** Speed of the interface as last polled; 0 unknown. */
    speed_bits_per_second: 'UInt64',
    in_bits_per_second_max: 'UInt64',
    out_bits_per_second_max: 'UInt64',
  },
  /**
   * Packets of active probes by minute of their round's beginning and by bucket of round trip: bucket n holds those above
   * 1.1^(n-1) up to 1.1^n microseconds, 255 those that were lost (`rttBucket`).
   */
  probe_1m: {
    window_start: 'DateTime',
    tenant_id: 'String',
    site_id: 'String',
    probe_id: 'String',
    bucket: 'UInt8',
    packets: 'UInt64',
    rtt_us_sum: 'UInt64',
    rtt_us_min: 'UInt64',
    rtt_us_max: 'UInt64',
    /** Differences of round trips that follow each other, in the bucket of the later one. */
    jitter_us_sum: 'UInt64',
    jitter_pairs: 'UInt64',
  },
  alarm_events: {
    tenant_id: 'String',
    alarm_id: 'String',
    seq: 'UInt32',
    event_time: 'DateTime64(3)',
    axis: 'String',
    from_state: 'String',
    to_state: 'String',
    alarm_type: 'String',
    resource: 'String',
    qualifier: 'String',
    device_id: 'String',
    site_id: 'String',
    severity: 'String',
    cause: 'String',
    note: 'String',
    /** The alarm after this event, as libs/model's alarm JSON. */
    alarm_json: 'String',
  },
  /** Newest inventory facts of a device; the row with the greatest `rev` stands. */
  devices: {
    tenant_id: 'String',
    device_id: 'String',
    site_id: 'String',
    address: 'String',
    sys_name: 'String',
    sys_descr: 'String',
    sys_object_id: 'String',
    sys_location: 'String',
    sys_contact: 'String',
    vendor: 'String',
    os: 'String',
    version: 'String',
    hardware: 'String',
    serial: 'String',
    polled_at: 'DateTime64(3)',
    rev: 'UInt64',
  },
  interfaces: {
    tenant_id: 'String',
    device_id: 'String',
    interface_id: 'String',
    if_index: 'UInt32',
    if_name: 'String',
    if_descr: 'String',
    if_alias: 'String',
    if_type: 'UInt32',
    phys_address: 'String',
    speed_bits_per_second: 'UInt64',
    admin_status: 'UInt8',
    oper_status: 'UInt8',
    polled_at: 'DateTime64(3)',
    rev: 'UInt64',
  },
  /** Newest reading of a sensor. NaN stands for a value or a limit that there is not. */
  sensors: {
    tenant_id: 'String',
    device_id: 'String',
    sensor_id: 'String',
    class: 'String',
    name: 'String',
    value: 'Float64',
    state: 'String',
    low_critical: 'Float64',
    low_warning: 'Float64',
    high_warning: 'Float64',
    high_critical: 'Float64',
    interface_id: 'String',
    read_at: 'DateTime64(3)',
    rev: 'UInt64',
  },
  /** Values of a sensor by five minutes of event time; partial rows, like every rollup's. */
  sensor_5m: {
    window_start: 'DateTime',
    tenant_id: 'String',
    device_id: 'String',
    sensor_id: 'String',
    value_sum: 'Float64',
    value_min: 'Float64',
    value_max: 'Float64',
    readings: 'UInt64',
  },
  /** Newest reading of a device beyond its sensors: libs/model's HardwareForm without them. */
  device_hardware: {
    tenant_id: 'String',
    device_id: 'String',
    hardware_json: 'String',
    read_at: 'DateTime64(3)',
    rev: 'UInt64',
  },
  /** Where a station was last seen: at a bridge's port (address ''), or beside a router with its address. */
  stations: {
    tenant_id: 'String',
    /** Lower-case, with colons. */
    mac: 'String',
    device_id: 'String',
    vlan: 'UInt16',
    address: 'String',
    interface_id: 'String',
    site_id: 'String',
    seen_at: 'DateTime64(3)',
    rev: 'UInt64',
  },
  /** What an exporter calls its interfaces, VRFs and samplers; each text is `[[number, name, description], …]`. */
  exporter_names: {
    tenant_id: 'String',
    exporter_id: 'String',
    interfaces_json: 'String',
    vrfs_json: 'String',
    samplers_json: 'String',
    learned_at: 'DateTime64(3)',
    rev: 'UInt64',
  },
  /** What changed about a device: libs/model's kinds of change. */
  device_changes: {
    tenant_id: 'String',
    device_id: 'String',
    site_id: 'String',
    changed_at: 'DateTime64(3)',
    kind: 'String',
    from_value: 'String',
    to_value: 'String',
    /** Interface, sensor, part or peer; '' where it is the device. */
    subject: 'String',
    detail: 'String',
    event_id: 'String',
  },
  /**
   * What the stream must remember across epochs, by key, as of `offset` (docs/explanation/epochs.md). Two slots a key
   * alternate, so that the version before an uncommitted epoch survives it.
   */
  stream_state: {
    log_id: 'String',
    topic: 'String',
    partition: 'UInt32',
    key: 'String',
    slot: 'UInt8',
    offset: 'UInt64',
    state: 'String',
  },
  /** The ledger: one row an epoch, written last. */
  stream_epochs: {
    log_id: 'String',
    topic: 'String',
    partition: 'UInt32',
    from_offset: 'UInt64',
    to_offset: 'UInt64',
    records: 'UInt32',
    last_stamp: 'DateTime64(3)',
  },
} as const satisfies Record<string, Record<string, ColumnType>>

export type TableName = keyof typeof tables

/** Columns that migration 0012 added to raw flows. */
export const flowFieldColumns = [
  'source_mac',
  'destination_mac',
  'post_vlan',
  'customer_vlan',
  'mpls_label_1',
  'mpls_label_2',
  'mpls_label_3',
  'ingress_vrf',
  'egress_vrf',
  'icmp_type_code',
  'post_nat_source_address',
  'post_nat_destination_address',
  'post_nat_source_port',
  'post_nat_destination_port',
  'nat_event',
  'firewall_event',
  'forwarding_status',
  'flow_end_reason',
  'application_id',
  'application_name',
  'bgp_next_hop',
  'previous_as',
  'next_as',
  'as_path',
] as const satisfies readonly (keyof typeof tables.flows)[]

/** What a block may leave out when none of its rows has it: the table's default stands there, and nothing is sent. */
export const optionalColumns: Partial<Record<TableName, ReadonlySet<string>>> = { flows: new Set(flowFieldColumns) }
