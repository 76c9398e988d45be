/**
 * Layouts of sFlow's flow and counter records (sflow.org: sflow_version_5, sflow_80211, sflow_application, sflow_drops,
 * sflow_host, sflow_http, sflow_jvm, sflow_lag, sflow_memcache, sflow_optics, sflow_transit, sflow_tunnels …; Broadcom's and
 * NVIDIA's as host-sflow has them): `name` or `name:type`, in order. Types: u32 (if none is given), i32, u64, f32, ip4, ip6,
 * uuid, mac (8 octets, the last two pad), address (type and octets), text (with a length, padded to 4), header (a sampled
 * packet), `[]type` a list with its count, where the type can be one of `structures`. An enterprise's own records are
 * `enterprise/format`.
 */
export interface SflowFormat {
  name: string
  fields: readonly (readonly [name: string, type: string])[]
}

function formats(text: string): ReadonlyMap<number, SflowFormat> {
  return new Map(
    text
      .trim()
      .split('\n')
      .map(line => {
        const [id = '', name = '', ...fields] = line.trim().split(/\s+/)
        const [enterprise, format] = id.includes('/') ? id.split('/').map(Number) : [0, Number(id)]
        return [enterprise! * 4_096 + format!, { name, fields: fieldsOf(fields) }]
      }),
  )
}

function fieldsOf(fields: readonly string[]): [name: string, type: string][] {
  return fields.map(field => field.split(':') as [string, string?]).map(([name, type]) => [name, type ?? 'u32'])
}

/** What lists hold beside plain values. */
export const structures: Readonly<Record<string, SflowFormat['fields']>> = {
  adapter: fieldsOf(['ifIndex', 'macAddresses:[]mac']),
  lane: fieldsOf(
    'index txBiasCurrent txPower txPowerMin txPowerMax txWavelength rxPower rxPowerMin rxPowerMax rxWavelength'.split(
      ' ',
    ),
  ),
}

/** Flow records; sampled headers (1) and gateways (1003) are read by hand. */
export const flowFormats = formats(`
  2 sampledEthernet length sourceMacAddress:mac destinationMacAddress:mac etherType
  3 sampledIpv4 length protocol source:ip4 destination:ip4 sourcePort destinationPort tcpFlags tos
  4 sampledIpv6 length protocol source:ip6 destination:ip6 sourcePort destinationPort tcpFlags priority
  1001 extendedSwitch sourceVlan sourcePriority destinationVlan destinationPriority
  1002 extendedRouter nextHop:address sourceMask destinationMask
  1004 extendedUser sourceCharset sourceUser:text destinationCharset destinationUser:text
  1005 extendedUrl direction url:text host:text
  1006 extendedMpls nextHop:address inStack:[]u32 outStack:[]u32
  1007 extendedNat source:address destination:address
  1008 extendedMplsTunnel name:text id cos
  1009 extendedMplsVc name:text id cos
  1010 extendedMplsFtn description:text mask
  1011 extendedMplsLdpFec addressPrefixLength
  1012 extendedVlanTunnel stack:[]u32
  1013 extended80211Payload cipherSuite payload:header
  1014 extended80211Rx ssid:text bssid:mac version channel speed:u64 rsni rcpi packetDuration
  1015 extended80211Tx ssid:text bssid:mac version transmissions packetDuration retransmissionDuration channel speed:u64 power
  1020 extendedNatPort sourcePort destinationPort
  1021 extendedL2TunnelEgress length sourceMacAddress:mac destinationMacAddress:mac etherType
  1022 extendedL2TunnelIngress length sourceMacAddress:mac destinationMacAddress:mac etherType
  1023 extendedIpv4TunnelEgress length protocol source:ip4 destination:ip4 sourcePort destinationPort tcpFlags tos
  1024 extendedIpv4TunnelIngress length protocol source:ip4 destination:ip4 sourcePort destinationPort tcpFlags tos
  1025 extendedIpv6TunnelEgress length protocol source:ip6 destination:ip6 sourcePort destinationPort tcpFlags priority
  1026 extendedIpv6TunnelIngress length protocol source:ip6 destination:ip6 sourcePort destinationPort tcpFlags priority
  1027 extendedDecapsulateEgress innerHeaderOffset
  1028 extendedDecapsulateIngress innerHeaderOffset
  1029 extendedVniEgress vni
  1030 extendedVniIngress vni
  1036 extendedEgressQueue queue
  1037 extendedAcl number name:text direction
  1038 extendedFunction symbol:text
  1039 extendedTransit delay
  1040 extendedQueue depth
  1041 extendedHardwareTrap group:text trap:text
  1042 extendedLinuxReason reason:text
  1043 extendedTimestamp nanoseconds:u64
  2100 extendedSocketIpv4 protocol local:ip4 remote:ip4 localPort remotePort
  2101 extendedSocketIpv6 protocol local:ip6 remote:ip6 localPort remotePort
  2102 extendedProxySocketIpv4 protocol local:ip4 remote:ip4 localPort remotePort
  2103 extendedProxySocketIpv6 protocol local:ip6 remote:ip6 localPort remotePort
  2200 memcacheOperation protocol command key:text keys valueBytes duration status
  2201 httpRequestV1 method protocol uri:text host:text referrer:text userAgent:text authUser:text mimeType:text bytes:u64 duration status
  2202 appOperation application:text operation:text attributes:text statusDescription:text requestBytes:u64 responseBytes:u64 duration status
  2203 appParentContext application:text operation:text attributes:text
  2204 appInitiator actor:text
  2205 appTarget actor:text
  2206 httpRequest method protocol uri:text host:text referrer:text userAgent:text forwardedFor:text authUser:text mimeType:text requestBytes:u64 responseBytes:u64 duration status
  2209 extendedTcpInfo direction sendMss receiveMss unacked lost retransmitted pathMtu rtt rttVariance sendWindow reordering minRtt
  2210 extendedEntities sourceDsClass sourceDsIndex destinationDsClass destinationDsIndex
`)

export const counterFormats = formats(`
  1 genericInterface ifIndex ifType ifSpeed:u64 ifDirection ifStatus ifInOctets:u64 ifInUcastPkts ifInMulticastPkts ifInBroadcastPkts ifInDiscards ifInErrors ifInUnknownProtos ifOutOctets:u64 ifOutUcastPkts ifOutMulticastPkts ifOutBroadcastPkts ifOutDiscards ifOutErrors ifPromiscuousMode
  2 ethernetInterface dot3StatsAlignmentErrors dot3StatsFCSErrors dot3StatsSingleCollisionFrames dot3StatsMultipleCollisionFrames dot3StatsSQETestErrors dot3StatsDeferredTransmissions dot3StatsLateCollisions dot3StatsExcessiveCollisions dot3StatsInternalMacTransmitErrors dot3StatsCarrierSenseErrors dot3StatsFrameTooLongs dot3StatsInternalMacReceiveErrors dot3StatsSymbolErrors
  3 tokenring dot5StatsLineErrors dot5StatsBurstErrors dot5StatsACErrors dot5StatsAbortTransErrors dot5StatsInternalErrors dot5StatsLostFrameErrors dot5StatsReceiveCongestions dot5StatsFrameCopiedErrors dot5StatsTokenErrors dot5StatsSoftErrors dot5StatsHardErrors dot5StatsSignalLoss dot5StatsTransmitBeacons dot5StatsRecoverys dot5StatsLobeWires dot5StatsRemoves dot5StatsSingles dot5StatsFreqErrors
  4 vgInterface dot12InHighPriorityFrames dot12InHighPriorityOctets:u64 dot12InNormPriorityFrames dot12InNormPriorityOctets:u64 dot12InIPMErrors dot12InOversizeFrameErrors dot12InDataErrors dot12InNullAddressedFrames dot12OutHighPriorityFrames dot12OutHighPriorityOctets:u64 dot12TransitionIntoTrainings dot12HCInHighPriorityOctets:u64 dot12HCInNormPriorityOctets:u64 dot12HCOutHighPriorityOctets:u64
  5 vlan vlanId octets:u64 ucastPkts multicastPkts broadcastPkts discards
  6 wlan dot11TransmittedFragmentCount dot11MulticastTransmittedFrameCount dot11FailedCount dot11RetryCount dot11MultipleRetryCount dot11FrameDuplicateCount dot11RTSSuccessCount dot11RTSFailureCount dot11ACKFailureCount dot11ReceivedFragmentCount dot11MulticastReceivedFrameCount dot11FCSErrorCount dot11TransmittedFrameCount dot11WEPUndecryptableCount dot11QoSDiscardedFragmentCount dot11AssociatedStationCount dot11QoSCFPollsReceivedCount dot11QoSCFPollsUnusedCount dot11QoSCFPollsUnusableCount dot11QoSCFPollsLostCount
  7 lagPortStats actorSystemId:mac partnerSystemId:mac attachedAggId portState lacpdusRx markerPdusRx markerResponsePdusRx unknownRx illegalRx lacpdusTx markerPdusTx markerResponsePdusTx
  10 sfp moduleId moduleTotalLanes moduleSupplyVoltage moduleTemperature:i32 lanes:[]lane
  11 pfc requests indications pauseDuration stormDetected stormRestored
  1001 processor cpu5s cpu1m cpu5m totalMemory:u64 freeMemory:u64
  1002 radioUtilization elapsedTime onChannelTime onChannelBusyTime
  1004 ofPort datapathId:u64 portNo
  1005 portName name:text
  2000 hostDescription hostname:text uuid:uuid machineType osName osRelease:text
  2001 hostAdapters adapters:[]adapter
  2002 hostParent containerType containerIndex
  2003 hostCpu loadOne:f32 loadFive:f32 loadFifteen:f32 procRun procTotal cpuNum cpuSpeed uptime cpuUser cpuNice cpuSystem cpuIdle cpuWio cpuIntr cpuSintr interrupts contexts cpuSteal cpuGuest cpuGuestNice
  2004 hostMemory memTotal:u64 memFree:u64 memShared:u64 memBuffers:u64 memCached:u64 swapTotal:u64 swapFree:u64 pageIn pageOut swapIn swapOut
  2005 hostDiskIo diskTotal:u64 diskFree:u64 partMaxUsed reads bytesRead:u64 readTime writes bytesWritten:u64 writeTime
  2006 hostNetIo bytesIn:u64 pktsIn errsIn dropsIn bytesOut:u64 pktsOut errsOut dropsOut
  2007 mib2Ip ipForwarding ipDefaultTTL ipInReceives ipInHdrErrors ipInAddrErrors ipForwDatagrams ipInUnknownProtos ipInDiscards ipInDelivers ipOutRequests ipOutDiscards ipOutNoRoutes ipReasmTimeout ipReasmReqds ipReasmOKs ipReasmFails ipFragOKs ipFragFails ipFragCreates
  2008 mib2Icmp icmpInMsgs icmpInErrors icmpInDestUnreachs icmpInTimeExcds icmpInParamProbs icmpInSrcQuenchs icmpInRedirects icmpInEchos icmpInEchoReps icmpInTimestamps icmpInAddrMasks icmpInAddrMaskReps icmpOutMsgs icmpOutErrors icmpOutDestUnreachs icmpOutTimeExcds icmpOutParamProbs icmpOutSrcQuenchs icmpOutRedirects icmpOutEchos icmpOutEchoReps icmpOutTimestamps icmpOutTimestampReps icmpOutAddrMasks icmpOutAddrMaskReps
  2009 mib2Tcp tcpRtoAlgorithm tcpRtoMin tcpRtoMax tcpMaxConn tcpActiveOpens tcpPassiveOpens tcpAttemptFails tcpEstabResets tcpCurrEstab tcpInSegs tcpOutSegs tcpRetransSegs tcpInErrs tcpOutRsts tcpInCsumErrors
  2010 mib2Udp udpInDatagrams udpNoPorts udpInErrors udpOutDatagrams udpRcvbufErrors udpSndbufErrors udpInCsumErrors
  2100 virtualNode mhz cpus memory:u64 memoryFree:u64 numDomains
  2101 virtualCpu state cpuTime nrVirtCpu
  2102 virtualMemory memory:u64 maxMemory:u64
  2103 virtualDiskIo capacity:u64 allocation:u64 available:u64 readReq readBytes:u64 writeReq writeBytes:u64 errors
  2104 virtualNetIo rxBytes:u64 rxPackets rxErrors rxDrops txBytes:u64 txPackets txErrors txDrops
  2105 jvmRuntime name:text vendor:text version:text
  2106 jvmStatistics heapInitial:u64 heapUsed:u64 heapCommitted:u64 heapMax:u64 nonHeapInitial:u64 nonHeapUsed:u64 nonHeapCommitted:u64 nonHeapMax:u64 gcCount gcTime classesLoaded classesTotal classesUnloaded compilationTime threadsLive threadsDaemon threadsStarted fdsOpen fdsMax
  2201 httpCounters methodOption methodGet methodHead methodPost methodPut methodDelete methodTrace methodConnect methodOther status1xx status2xx status3xx status4xx status5xx statusOther
  2202 appOperations application:text success other timeout internalError badRequest forbidden tooLarge notImplemented notFound unavailable unauthorized
  2203 appResources userTime systemTime memoryUsed:u64 memoryMax:u64 fdOpen fdMax connectionsOpen connectionsMax
  2204 memcacheCounters cmdSet cmdTouch cmdFlush getHits getMisses deleteHits deleteMisses incrHits incrMisses decrHits decrMisses casHits casMisses casBadval authCmds authErrors threads connYields listenDisabledNum currConnections rejectedConnections totalConnections connectionStructures evictions reclaimed currItems totalItems bytesRead:u64 bytesWritten:u64 bytes:u64 limitMaxbytes:u64
  2205 vdiCounters sessionsCurrent sessionsTotal sessionsDuration rxBytes txBytes rxPackets txPackets rxPacketsLost txPacketsLost rttMin rttMax rttAvg audioRxBytes audioTxBytes audioTxLimit imgRxBytes imgTxBytes imgFrames imgQualMin imgQualMax imgQualAvg usbRxBytes usbTxBytes
  2206 appWorkers active idle max requestsDelayed requestsDropped
  2207 ovsDatapath hits misses lost maskHits flows masks
  4413/3 broadcomTables hostEntries hostEntriesMax ipv4Entries ipv4EntriesMax ipv6Entries ipv6EntriesMax ipv4Ipv6Entries ipv4Ipv6EntriesMax longIpv6Entries longIpv6EntriesMax totalRoutes totalRoutesMax ecmpNexthops ecmpNexthopsMax macEntries macEntriesMax ipv4Neighbors ipv6Neighbors ipv4Routes ipv6Routes aclIngressEntries aclIngressEntriesMax aclIngressCounters aclIngressCountersMax aclIngressMeters aclIngressMetersMax aclIngressSlices aclIngressSlicesMax aclEgressEntries aclEgressEntriesMax aclEgressCounters aclEgressCountersMax aclEgressMeters aclEgressMetersMax aclEgressSlices aclEgressSlicesMax
  5703/1 nvidiaGpu deviceCount processes gpuTime memoryTime memoryTotal:u64 memoryFree:u64 eccErrors energy temperature fanSpeed
`)
