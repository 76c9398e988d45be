/**
 * Field types that exist in NetFlow v9 alone, where makers took numbers without an enterprise: Streamcore, Cisco WLC,
 * ASA and zone-based firewall (its high-speed logging, as Elastic's cisco.csv lists it), Fortinet, Palo Alto. nProbe's begin at 57,472 with ntop's own numbers (nProbe user guide).
 */
export const netflow9Elements = `
65 fortinetFlowFlags u16
8192 streamcoreWanRtt u32
8193 streamcoreNetAppRespTime u32
8194 streamcoreTotalAppRespTime u32
8195 streamcoreTcpRetransRate u16
8196 streamcoreCallDirection u8
8256 streamcoreHostname str
8257 streamcoreUrl str
8258 streamcoreSslCn str
8259 streamcoreSslOrg str
8320 streamcoreMosLq u16
8321 streamcoreNetDelay u16
8322 streamcoreNetLoss u16
8323 streamcoreNetJitter u16
8324 streamcoreNetDiscard u16
8325 streamcoreRtpClockrateIn u8
8326 streamcoreRtpClockrateOut u8
8327 streamcoreCodecIn u8
8328 streamcoreCodecOut u8
8384 streamcoreIdRule1 u32
8385 streamcoreIdRule2 u32
8386 streamcoreIdRule3 u32
8387 streamcoreIdRule4 u32
8388 streamcoreIdRule5 u32
8389 streamcoreIdRule6 u32
8390 streamcoreIdRule7 u32
8391 streamcoreIdRule8 u32
8392 streamcoreIdRule9 u32
8393 streamcoreIdRule10 u32
20000 wlanChannelId u16
33000 ingressAclId oct
33001 egressAclId oct
33002 firewallExtendedEvent u16
33003 firewallEventLevel u32
33004 firewallEventLevelId u32
33005 firewallConfiguredValue u32
34000 firewallCtsSourceSgt u32
35001 firewallExtendedEventAlternate u32
35004 firewallBlackoutSeconds u32
35005 firewallHalfOpenHigh u32
35006 firewallHalfOpenRate u32
35007 firewallZonePairId u32
35008 firewallMaxSessions u32
35009 firewallZonePairName str
35010 firewallExtendedEventDescription str
35011 firewallSummaryPacketCount u32
35012 firewallHalfOpenCount u32
40000 userName str
40001 postNATSourceIPv4Address ip4
40002 postNATDestinationIPv4Address ip4
40003 postNAPTSourceTransportPort u16
40004 postNAPTDestinationTransportPort u16
40005 firewallEvent u8
56701 paloAltoAppId str
56702 paloAltoUserId str
`
