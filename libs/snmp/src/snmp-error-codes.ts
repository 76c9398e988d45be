/**
 * What can go wrong with a request, a walk, a cell or a poll: the codes of `PollError` and of error counters, each with
 * what it means to the operator. Closed; a code is never reused. Decoding errors have their own (`MessageErrorCode`).
 */
export const snmpErrorCodes = {
  'snmp-timeout': 'the device did not answer the request nor its repetitions',
  'snmp-unreachable': 'the host cannot be resolved, or the network or the device refused the datagram',
  'snmp-malformed-reply': 'what came from the device could not be decoded',
  'snmp-too-big': 'the device cannot fit the answer into a message, even for one row of one column',
  'snmp-error-status': 'the device answered with an error status',
  'snmp-auth-failed': 'SNMPv3: wrong user, authentication or privacy; or a reply that fails its own',
  'snmp-not-in-time-window': "SNMPv3: the device's clock does not fit its engine, also after one resynchronisation",
  'snmp-auth-paused':
    'authentication failed three times within an hour: the device is not asked until one of them is past',
  'snmp-auth-refused': "the device's tenant or address is not one that its credentials are for; nothing was sent",
  'snmp-auth-unknown': 'the inventory names credentials that the configuration does not have',
  'walk-not-increasing': 'the device repeated an OID or went backwards; the column ends there',
  'walk-empty-reply': 'the device answered without varbinds; the columns end there',
  'walk-rows-max': 'the table has more rows than the poller takes',
  'cell-wrong-type': 'a cell has another type than its MIB says; it counts as missing',
  'cell-invalid': "a cell's content breaks its type's rules; it counts as missing",
  'poll-deadline': 'the poll was cut at its deadline; rows read until then are kept',
} as const

export type SnmpErrorCode = keyof typeof snmpErrorCodes
